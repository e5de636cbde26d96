#!/bin/sh
# Starts Yosys from the folder this script lies in, wherever that is.
here=$(dirname "$0")
exec "$here/python" "$here/../yosys.py" "$@"
