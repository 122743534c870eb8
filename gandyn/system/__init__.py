"""The ground floor: files, processes, signals, plain data, checks of arguments."""
