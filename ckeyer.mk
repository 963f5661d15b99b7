# libckeyer: what stages outside this project need of lib/base and lib/stream, as a shared library.
# lib/ckeyer/ckeyer.h lists its headers, lib/ckeyer/exports its functions; tests/libckeyer.t compares them.

CKEYER_VERSION := $(shell sed -n 's/^\#define CKEYER_VERSION_[A-Z]* //p' lib/ckeyer/ckeyer.h | paste -sd.)
CKEYER_MAJOR := $(firstword $(subst ., ,$(CKEYER_VERSION)))
CKEYER_FILE := libckeyer.so.$(CKEYER_VERSION)
CKEYER := $(BUILD)/ckeyer/$(CKEYER_FILE)
CKEYER_HEADERS := lib/ckeyer/ckeyer.h $(addprefix lib/,$(shell sed -n 's/^\#include "\(.*\)"/\1/p' lib/ckeyer/ckeyer.h))
CKEYER_OBJ := $(patsubst %.c,$(BUILD)/ckeyer/%.o,$(wildcard lib/base/*.c lib/stream/*.c))

$(BUILD)/ckeyer/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CK_CFLAGS) -fPIC $(CFLAGS) -c -o $@ $<

$(CKEYER): $(CKEYER_OBJ) lib/ckeyer/exports
	$(CC) -shared $(SAN) $(CFLAGS) $(LDFLAGS) -Wl,-soname,libckeyer.so.$(CKEYER_MAJOR) \
	    -Wl,--version-script=lib/ckeyer/exports -Wl,--no-undefined -o $@ $(CKEYER_OBJ) -lpthread -lm -ldl
	@chmod a-x $@

# Headers lie side by side once installed, so that <ckeyer/stage.h> needs no second search path.
install-ckeyer: $(CKEYER)
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(PREFIX)/include/ckeyer
	install $(STRIP) -m 644 $(CKEYER) $(DESTDIR)$(LIBDIR)/$(CKEYER_FILE)
	ln -sf $(CKEYER_FILE) $(DESTDIR)$(LIBDIR)/libckeyer.so.$(CKEYER_MAJOR)
	ln -sf libckeyer.so.$(CKEYER_MAJOR) $(DESTDIR)$(LIBDIR)/libckeyer.so
	for h in $(CKEYER_HEADERS); do sed 's|^#include "[a-z]*/|#include "|' $$h >$(DESTDIR)$(PREFIX)/include/ckeyer/$${h##*/}; done
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(CKEYER_VERSION)|' lib/ckeyer/ckeyer.pc.in \
	    >$(DESTDIR)$(LIBDIR)/pkgconfig/ckeyer.pc
.PHONY: install-ckeyer
