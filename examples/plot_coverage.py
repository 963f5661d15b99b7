#!/usr/bin/env python3
"""Plot how much of every frame the subject covers, and how much of that is edge: plot_coverage.py SHOT PLOT.png"""
import sys

import ckeyer
import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

numbers, covered, edge = [], [], []
for frame in ckeyer.key(sys.argv[1], "--despeckle", "off"):
    alpha = frame["alpha"]
    numbers.append(frame.number)
    covered.append(100 * float(alpha.mean()))
    edge.append(100 * float(((alpha > 0.02) & (alpha < 0.98)).mean()))

plt.plot(numbers, covered, label="covered")
plt.plot(numbers, edge, label="of it edge")
plt.xlabel("frame")
plt.ylabel("% of the picture")
plt.legend(frameon=False)
plt.savefig(sys.argv[2], dpi=150)
