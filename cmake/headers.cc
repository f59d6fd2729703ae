// Nothing: a library needs a file, and these have only headers to compile.
