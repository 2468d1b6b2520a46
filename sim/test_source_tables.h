// The tables behind the source rules (design 1 and 4): edit these when the design changes, never to silence a finding.
// Exceptions are rows or names in a row, each with its reason. Only for tests. Next: source_rules_test.cpp.
#pragma once

#include <map>
#include <string_view>
#include <vector>

namespace podramp::sim {

using Names = std::vector<std::string_view>;

// design 1, "Arrows": a folder's files may include their own folder and these.
inline const std::map<std::string_view, Names> kArrows = {
    {"backend/port", {}},
    {"backend", {"backend/port"}},
    {"backend/submit", {"backend", "backend/port"}},
    {"backend/http", {"backend/port"}},
    {"backend/yaml", {"backend/port"}},
    {"backend/live", {"backend", "backend/yaml", "backend/port"}},
    {"backend/services", {"backend/port"}},  // its shell files also backend/live and backend/http: name them here
    {"fakeapi", {"backend/port"}},
    {"fakeapi/http", {"fakeapi", "backend/http", "backend/yaml", "backend/port"}},
    {"sim",
     {"backend", "backend/port", "backend/submit", "backend/http", "backend/yaml", "backend/live", "backend/services",
      "fakeapi", "fakeapi/http"}},
    {"sim/dashboard",
     {"sim", "sim/report", "backend", "backend/port", "backend/submit", "backend/http", "backend/yaml", "backend/live",
      "backend/services", "fakeapi", "fakeapi/http"}},
    {"sim/fuzz",
     {"sim", "backend", "backend/port", "backend/submit", "backend/http", "backend/yaml", "backend/live",
      "backend/services", "fakeapi", "fakeapi/http"}},
    {"sim/import",
     {"sim", "backend", "backend/port", "backend/submit", "backend/http", "backend/yaml", "backend/live",
      "backend/services", "fakeapi", "fakeapi/http"}},
    {"sim/report",
     {"sim", "backend", "backend/port", "backend/submit", "backend/http", "backend/yaml", "backend/live",
      "backend/services", "fakeapi", "fakeapi/http"}},
    {"sim/study",
     {"sim", "backend", "backend/port", "backend/submit", "backend/http", "backend/yaml", "backend/live",
      "backend/services", "fakeapi", "fakeapi/http"}},
};

// What a single file may include besides.
inline const std::map<std::string_view, Names> kFileArrows = {
    {"sim/main.cpp",  // the one place that knows every command
     {"sim/dashboard", "sim/fuzz", "sim/import", "sim/report", "sim/study"}},
};

// What a folder's tests may include besides.
inline const std::map<std::string_view, Names> kTestArrows = {
    {"backend/live", {"backend/http"}},  // a server on loopback for the client
};

// A third-party header (by the beginning of its path) may be named only in these files. '*' stands for anything.
struct Quarantine {
  std::string_view header;
  Names files;
};
inline const std::vector<Quarantine> kQuarantine = {
    {"simgrid/", {"sim/simgrid_engine.cpp"}},
    {"xbt/", {"sim/simgrid_engine.cpp"}},
    {"nlohmann/json_fwd.hpp", {"*_json.h", "sim/*.h", "fakeapi/http/*.h"}},
    {"nlohmann/",
     {"*_json.cpp", "*_test.cpp", "*_fuzz.cpp", "fakeapi/http/test_front.h", "sim/import/test_imports.h",
      "sim/field_reader.cpp", "sim/json_tree.cpp", "sim/scenario*.cpp", "sim/import*.cpp"}},
    {"boost/program_options", {"sim/*"}},
    {"boost/random/", {"backend/port/random.cpp", "backend/port/random.h"}},
    {"boost/", {"backend/http/*"}},
    {"openssl/", {"backend/http/*", "backend/live/*"}},
    {"curl/", {"backend/live/http_client.cpp"}},
    {"yaml-cpp/", {"backend/yaml/*"}},
    {"sqlite3.h", {"backend/services/*"}},
    {"zstd.h", {"sim/import/zstd_stream.cpp", "sim/import/test_codecs.h"}},
    {"lz4.h", {"sim/import/lz4_stream.cpp", "sim/import/test_codecs.h"}},
    {"snappy", {"sim/import/snappy_stream.cpp", "sim/import/test_codecs.h"}},
    {"liblzf/", {"sim/import/lzf_stream.cpp", "sim/import/test_codecs.h"}},
    {"gtest/", {"*_test.cpp", "*test_*.h", "*/testing_*.h"}},
    {"gmock/", {"*_test.cpp", "*test_*.h", "*/testing_*.h"}},
    {"rapidcheck", {"*_test.cpp", "*test_*.h"}},
    {"benchmark/", {"*_bench.cpp"}},
    {"tl/", {"*"}},
    {"fmt/", {"*"}},
    {"arpa/", {"backend/http/*", "sim/test_served.h"}},
    {"netinet/", {"backend/http/*", "sim/test_served.h"}},
    {"sys/", {"sim/*", "backend/live/*", "backend/services/*", "backend/http/*"}},
};

// Words and standard headers that must not stand in the files of a scope.
enum class Scope { core_sources, core, everywhere };
struct Ban {
  Scope scope;
  std::string_view rule;  // and what to do instead
  Names words;            // identifiers ("std::" in front: only then), or <headers>
  Names except;           // files, with the reason beside them
};
inline const std::vector<Ban> kBans = {
    {Scope::core,
     "clock: time is an argument (TimeUs); only shells read a clock",
     {"<chrono>", "<ctime>", "<time.h>", "std::chrono", "system_clock", "steady_clock", "high_resolution_clock",
      "clock_gettime", "gettimeofday", "std::time"},
     {}},
    {Scope::core,
     "thread: the core is a state machine; what waits is a state, what happens later is a timer",
     {"<thread>", "<mutex>", "<shared_mutex>", "<atomic>", "<future>", "<condition_variable>", "std::thread",
      "std::jthread", "std::mutex", "std::atomic", "std::async", "sleep_for", "sleep_until", "usleep", "nanosleep",
      "pthread_create", "thread_local"},
     {}},
    {Scope::everywhere,
     "chance: draw from podramp::Draw(seed, stream, key, ordinal)",
     {"<random>", "std::rand", "rand", "srand", "random_device", "mt19937", "mt19937_64", "default_random_engine",
      "std::uniform_int_distribution", "std::uniform_real_distribution", "std::normal_distribution",
      "std::lognormal_distribution", "std::exponential_distribution", "std::bernoulli_distribution",
      "std::discrete_distribution", "std::shuffle", "std::sample"},
     {}},
    {Scope::core,
     "hash: std::hash differs between standard libraries; use hash_text of backend/port/random.h",
     {"std::hash"},
     {}},
    {Scope::core,
     "address: an address differs from run to run; order and hash by an id",
     {"uintptr_t", "intptr_t", "owner_less"},
     {}},
    {Scope::core_sources,
     "i/o: the core reads and writes nothing; files enter as data, words leave as effects or events",
     {"<fstream>",   "<iostream>",   "<filesystem>", "<cstdio>",   "<stdio.h>", "<unistd.h>", "<fcntl.h>",
      "<csignal>",   "std::cout",    "std::cerr",    "std::clog",  "ofstream",  "ifstream",   "fopen",
      "std::printf", "std::fprintf", "std::puts",    "std::fputs", "getenv",    "setenv"},
     {"backend/port/status.cpp"}},  // CHECK's last words
    {Scope::core_sources,
     "floating point: integers for time, order and accounting (design 2.1); where Spark computes in double, add a row",
     {"float", "double"},
     {"backend/scheduler_backend*",   // registered ratio
      "backend/port/random.*",        // normal draws
      "backend/conf*",                // settings that are ratios and factors
      "backend/executor_size.cpp",    // memory overhead factor
      "backend/dynamic_allocation*",  // executorAllocationRatio (02 4.3)
      "backend/scaling_conf*",        // ratios, factors and fractional task resources
      "backend/executor_roll.cpp",    // averages and outliers (02 4.5)
      "backend/executor_resize*",     // threshold and factor (02 4.5)
      "backend/claim_resize*",        // likewise
      "backend/scheduling_conf*",     // settings that are ratios
      "backend/submit/driver_*",      // memory overhead factor
      "backend/fork_conf.*",          // settings that are ratios and fractional cores
      "backend/fork_driver.cpp",      // registered ratio
      "fakeapi/latency*"}},           // latency distributions
    {Scope::core_sources,
     "throw: nothing throws across public functions; return Result, or CHECK",
     {"throw"},
     {"*_json.cpp"}},  // inside a codec, caught before it returns
    {Scope::everywhere, "skipped test: a test that does not run proves nothing; mend or delete it", {"GTEST_SKIP"}, {}},
};

inline constexpr int kFileLinesMax = 500;
inline constexpr int kFunctionLinesMax = 70;
inline constexpr int kColumnsMax = 120;
inline constexpr int kHeaderLinesMax = 8;

}  // namespace podramp::sim
