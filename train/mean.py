#!/usr/bin/env python3
"""mean.py OUT MODEL...: the mean of the weights of models that come from one another; metadata are the last one's."""
import sys
import torch
from model import load, save


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    models = [load(p) for p in sys.argv[2:]]
    states = [m.state_dict() for m, _ in models]
    model, about = models[-1]
    model.load_state_dict({k: torch.stack([s[k] for s in states]).mean(0) if v.is_floating_point() else v
                           for k, v in states[-1].items()})
    save(model, sys.argv[1], about)


if __name__ == "__main__":
    main()
