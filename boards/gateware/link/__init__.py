"""The host link: registers and streams of a core over a serial line, see docs/host_link.md."""
