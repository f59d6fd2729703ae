// What the sanitizers of a sanitized program do, unless the environment says otherwise. What they find ends it with an
// exit code of its own, so that no test that expects a failure takes it for one.
extern "C" {

const char* __asan_default_options();
const char* __tsan_default_options();

// The program lets nobody trace it, a leak checker neither: leaks are looked for by the C++ tests. Core files are the
// program's own business.
const char* __asan_default_options() { return "exitcode=99:detect_leaks=0:disable_coredump=0"; }
const char* __tsan_default_options() { return "exitcode=99:disable_coredump=0"; }
}
