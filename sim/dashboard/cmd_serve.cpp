// podramp serve: a scenario's cluster for kubectl and other clients, in the wall clock's time.
#include <fmt/format.h>
#include <sys/stat.h>

#include <cerrno>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "sim/dashboard/commands.h"
#include "sim/dashboard/dashboard.h"
#include "sim/furnish.h"
#include "sim/option_parser.h"
#include "sim/results.h"
#include "sim/run_options.h"
#include "sim/serve_access.h"
#include "sim/served_cluster.h"

namespace podramp::sim {
namespace {

const std::vector<OptionSpec> kServeOptions{
    {"listen", "ADDR:PORT", "default 127.0.0.1:6443; others need TLS and tokens"},
    {"port", "N", "the port alone; 0 is any free one"},
    {"tls-cert", "F", "PEM: the server's certificate, then its chain"},
    {"tls-key", "F", "PEM: its key"},
    {"client-ca", "F", "PEM: the CA of clients' certificates"},
    {"token-file", "F", "token,user,uid[,\"groups\"] a line: who is let in"},
    {"kubeconfig-out", "F", "write a kubeconfig for it, with the first token"},
    {"dashboard", "", "a live page of the run at /dashboard"},
    {"speed", "X", "times as fast as the wall clock (default 1), or max"},
    {"log-file", "F", "write the run's log"},
    {"cluster-only", "", "without the scenario's applications"},
    {"kubelet", "WHAT", "simulated (default), or process (docs/serve.md)"},
    {"pods-dir", "DIR", "such processes' folders (default: a temporary one)"},
    {"audit-log", "F", "write each request in Kubernetes' audit format"},
    {"seed", "N", "another seed"},
    {"set", "PATH=VALUE", "change a field; after conf. the rest is a Spark key", true},
    {"engine", "NAME", "simgrid (default) or fluid"},
};

Result<std::int64_t> read_speed(const ParsedOptions& options) {
  const std::string text = options.value("speed").value_or("1");
  if (text == "max") return 0;
  char* end = nullptr;
  const double speed = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0' || !(speed >= 0.01) || speed > 100'000) {
    return tl::unexpected(Error{fmt::format("--speed {}: a number from 0.01 to 100000 is expected, or max", text)});
  }
  return static_cast<std::int64_t>(std::llround(speed * 100));
}

// What the options say of the listener. Errors: files that cannot be read, and what would be open to everybody.
Result<ServeOptions> read_serve_options(const ParsedOptions& options) {
  ServeOptions serve;
  const auto listen = parse_listen_address(options.value("listen").value_or("127.0.0.1:6443"));
  if (!listen) return tl::unexpected(Error{"--listen " + listen.error().message});
  const auto port = whole_number(options, "port", 0, 65'535);
  if (!port) return tl::unexpected(port.error());
  serve.server.address = listen->address;
  serve.server.port = *port ? static_cast<std::uint16_t>(**port) : listen->port;
  const auto certificate = options.value("tls-cert");
  const auto key = options.value("tls-key");
  if (certificate.has_value() != key.has_value()) {
    return tl::unexpected(Error{"--tls-cert and --tls-key go together"});
  }
  if (certificate) serve.server.tls = http::TlsFiles{*certificate, *key, options.value("client-ca").value_or("")};
  if (options.has("client-ca") && !certificate) return tl::unexpected(Error{"--client-ca needs --tls-cert"});
  if (const auto file = options.value("token-file")) {
    const auto text = read_file(*file);
    if (!text) return tl::unexpected(Error{"--token-file: " + text.error().message});
    auto tokens = parse_token_file(*text);
    if (!tokens) return tl::unexpected(Error{fmt::format("--token-file {}: {}", *file, tokens.error().message)});
    serve.tokens = std::move(*tokens);
  }
  if (!is_loopback(serve.server.address) && (!certificate || serve.tokens.empty())) {
    return tl::unexpected(
        Error{fmt::format("--listen {}: an address that others can reach needs --tls-cert, --tls-key and --token-file",
                          serve.server.address)});
  }
  const auto speed = read_speed(options);
  if (!speed) return tl::unexpected(speed.error());
  serve.speed_percent = *speed;
  serve.zero.unix_s =
      std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  return serve;
}

// Null when all processes are simulated. Errors: what the options say, and what would let anybody run programs here.
Result<std::unique_ptr<LocalProcesses>> prepare_processes(const ParsedOptions& options, const ServeOptions& serve,
                                                          const Scenario& scenario) {
  const std::string kubelet = options.value("kubelet").value_or("simulated");
  if (kubelet == "simulated") {
    if (options.has("pods-dir")) return tl::unexpected(Error{"--pods-dir needs --kubelet process"});
    return nullptr;
  }
  if (kubelet != "process") {
    return tl::unexpected(Error{fmt::format("--kubelet {}: simulated or process is expected", kubelet)});
  }
  if (scenario.processes.empty()) {
    return tl::unexpected(Error{"--kubelet process needs \"processes\" in the scenario: which images are run as what"});
  }
  if (serve.tokens.empty() || !is_loopback(serve.server.address)) {
    return tl::unexpected(Error{
        "--kubelet process runs what clients ask for on this machine: it needs --token-file and a loopback address"});
  }
  if (serve.speed_percent != 100) {
    return tl::unexpected(Error{"--kubelet process goes with --speed 1: processes live in the wall clock's time"});
  }
  return LocalProcesses::prepare({scenario.processes, options.value("pods-dir").value_or("")});
}

// Readable for its owner only: it may hold a token.
Result<bool> write_kubeconfig(const std::string& path, const ServedCluster& served, const ServeOptions& serve) {
  std::string certificate;
  if (serve.server.tls) {
    auto text = read_file(serve.server.tls->certificate_file);
    if (!text) return tl::unexpected(text.error());
    certificate = std::move(*text);
  }
  const std::string token = serve.tokens.empty() ? "" : serve.tokens.begin()->first;
  const mode_t before = ::umask(S_IRWXG | S_IRWXO);
  auto written = write_file(path, kubeconfig_text(served.url(), certificate, token));
  ::umask(before);
  return written;
}

}  // namespace

int serve_command(const Arguments& arguments) {
  const auto options = parse_options(arguments, kServeOptions);
  if (!options) return complain(options.error().message);
  if (options->help()) {
    fmt::print("{}", help_text("podramp serve SCENARIO.json [options]",
                               "Serves a scenario's cluster to kubectl and other clients until Ctrl-C.", kServeOptions,
                               "podramp serve scenarios/ramp_500.json --speed 10 --kubeconfig-out /tmp/podramp.yaml"));
    return kExitFine;
  }
  if (options->positional().size() != 1) return complain("serve takes one scenario; see podramp serve --help");
  const auto chosen = read_scenario_options(*options);
  if (!chosen) return complain(chosen.error().message);
  auto serve = read_serve_options(*options);
  if (!serve) return complain(serve.error().message);
  auto loaded = load_or_complain(options->positional().front(), chosen->overrides);
  if (!loaded) return kExitBadInput;
  furnish(loaded->scenario);
  if (options->has("cluster-only")) loaded->scenario.applications.clear();

  const auto processes = prepare_processes(*options, *serve, loaded->scenario);
  if (!processes) return complain(processes.error().message);
  serve->processes = processes->get();
  loaded->scenario.cluster.real_processes = *processes != nullptr;

  std::unique_ptr<std::FILE, int (*)(std::FILE*)> audit(nullptr, std::fclose);
  if (const auto path = options->value("audit-log")) {
    audit.reset(std::fopen(path->c_str(), "we"));
    if (audit == nullptr) return complain(fmt::format("--audit-log {}: {}", *path, std::strerror(errno)));
    serve->audit = [file = audit.get()](std::string_view line) {
      std::fwrite(line.data(), 1, line.size(), file);
      std::fflush(file);
    };
  }
  std::unique_ptr<Dashboard> dashboard;
  if (options->has("dashboard")) {
    auto made = Dashboard::of(loaded->scenario);
    if (!made) return complain(made.error().message);
    dashboard = std::move(*made);
    serve->pages = dashboard.get();
  }
  auto served = ServedCluster::listen(*serve);
  if (!served) return complain(served.error().message);
  if (const auto path = options->value("kubeconfig-out")) {
    const auto written = write_kubeconfig(*path, **served, *serve);
    if (!written) return complain("--kubeconfig-out: " + written.error().message);
  }
  RunOptions run;
  run.engine = chosen->engine;
  run.log_path = options->value("log-file").value_or("");
  run.livelock_items = UINT64_MAX;
  run.host = served->get();
  run.more_sinks = {&(*served)->timeline()};
  if (dashboard != nullptr) run.more_sinks.push_back(dashboard.get());
  run.before_run = [&] {
    catch_interrupts();
    fmt::print("serving {} at {}; Ctrl-C ends it\n", loaded->scenario.name, (*served)->url());
    if (dashboard != nullptr) fmt::print("its dashboard is at {}/dashboard\n", (*served)->url());
    if (serve->processes != nullptr) fmt::print("pods have their folders in {}\n", serve->processes->folder());
    std::fflush(stdout);
  };
  const auto result = run_experiment(loaded->scenario, run);
  if (!result) return complain(result.error().message);
  return kExitFine;
}

const std::vector<Command>& dashboard_commands() {
  static const std::vector<Command> kCommands{
      {"serve", "a scenario's cluster for kubectl and other clients", serve_command}};
  return kCommands;
}

}  // namespace podramp::sim
