"""The version of dualspike; it stands alone, so that it can be told without importing anything."""

VERSION = "0.1.0"
