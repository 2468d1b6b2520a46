#include "sim/local_processes.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <thread>

#include "fakeapi/pod_address.h"

namespace podramp::sim {
namespace {

using fakeapi::PodId;
using fakeapi::rest::ContainerOutput;

constexpr int kCannotStart = 128;           // what a container runtime reports of such
constexpr std::size_t kFileMax = 10 << 20;  // bytes a file of output may have: kubelet's containerLogMaxSize
constexpr std::size_t kLineMax = 16 << 10;  // longer lines are cut in pieces, as by container runtimes
constexpr std::size_t kLooksBetweenSweeps = 1000;

// Between fork and exec: only what is safe there. Dies with the server, whatever ends that.
[[noreturn]] void become(char* const* argv, char* const* envp, int output, const char* folder, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(kCannotStart);
  const int nothing = open("/dev/null", O_RDONLY);
  dup2(nothing, STDIN_FILENO);
  dup2(output, STDOUT_FILENO);
  dup2(output, STDERR_FILENO);
  if (chdir(folder) == 0) execve(argv[0], argv, envp);
  _exit(kCannotStart);
}

// The file that a word names by the process's own PATH, or from where the server was started; the word when there is
// none.
std::string find_program(const std::string& word, const std::vector<std::pair<std::string, std::string>>& env) {
  std::error_code failed;
  if (word.find('/') != std::string::npos) return std::filesystem::absolute(word, failed).string();
  for (const auto& [name, value] : env) {
    if (name != "PATH") continue;
    for (std::size_t begin = 0; begin <= value.size();) {
      const std::size_t end = std::min(value.find(':', begin), value.size());
      std::string file = value.substr(begin, end - begin) + "/" + word;
      if (access(file.c_str(), X_OK) == 0) return file;
      begin = end + 1;
    }
  }
  return word;
}

int code_of(int status) { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

std::optional<std::string> server_env(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

}  // namespace

Result<std::unique_ptr<LocalProcesses>> LocalProcesses::prepare(Options options) {
  std::error_code failed;
  if (options.folder.empty()) {
    std::string path = (std::filesystem::temp_directory_path(failed) / "podramp-pods-XXXXXX").string();
    if (mkdtemp(path.data()) == nullptr)
      return tl::unexpected(Error{fmt::format("{}: {}", path, std::strerror(errno))});
    options.folder = path;
  } else {
    std::filesystem::create_directories(options.folder, failed);
    if (failed) return tl::unexpected(Error{fmt::format("{}: {}", options.folder, failed.message())});
    options.folder = std::filesystem::absolute(options.folder, failed).string();
  }
  return std::unique_ptr<LocalProcesses>(new LocalProcesses(std::move(options)));
}

LocalProcesses::~LocalProcesses() {
  for (const auto& [id, process] : processes_) ::kill(process.pid, SIGTERM);
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2);
  while (!processes_.empty() && std::chrono::steady_clock::now() < end) {
    attend(0);
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  for (const auto& [id, process] : processes_) {
    ::kill(-process.pid, SIGKILL);
    waitpid(process.pid, nullptr, 0);
    close(process.output);
  }
}

bool LocalProcesses::start(PodId pod, const Pod& object) {
  ContainerSurroundings around;
  around.folder = fmt::format("{}/{}/{}", options_.folder, object.ns, object.name);
  around.pod_ip = fakeapi::pod_address(pod, true);
  around.host_ip = "127.0.0.1";
  around.server_env = server_env;
  around.config_map = [this](const std::string& name) -> const StringMap* {
    const ManifestPtr map = state_ == nullptr ? nullptr : state_->find_object(Kind::config_map, name);
    return map == nullptr ? nullptr : &map->data;
  };
  const auto command = container_command(object, options_.specs, around);
  if (!command) return false;

  Process process;
  process.pod = object.ns + "/" + object.name;
  process.file = fmt::format("{}/{}.log", around.folder, command->container);
  const auto known = kept_.find(process.pod);
  Kept& kept = known == kept_.end() ? kept_[process.pod] : known->second;
  if (known != kept_.end()) {
    kept.before = std::exchange(kept.now, {});
    kept.restarted = true;
  }
  kept.now.container = command->container;
  std::string why;
  if (!spawn(*command, process, why)) {
    kept.now.lines.push_back({0, fmt::format("podramp: {}: {}", command->words.front(), why)});
    failed_.push_back({pod, kCannotStart});
    return true;
  }
  processes_[pod] = std::move(process);
  return true;
}

bool LocalProcesses::spawn(const ContainerCommand& command, Process& process, std::string& why) {
  std::error_code failed;
  for (const std::string& folder : command.folders) std::filesystem::create_directories(folder, failed);
  if (failed) {
    why = failed.message();
    return false;
  }
  for (const auto& [path, text] : command.files) std::ofstream(path, std::ios::binary) << text;
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) {
    why = std::strerror(errno);
    return false;
  }
  std::vector<std::string> words = command.words;
  words.front() = find_program(words.front(), command.env);
  std::vector<std::string> settings;
  for (const auto& [name, value] : command.env) settings.push_back(name + "=" + value);
  const auto pointers = [](std::vector<std::string>& texts) {
    std::vector<char*> list;
    for (std::string& text : texts) list.push_back(text.data());
    list.push_back(nullptr);
    return list;
  };
  const std::vector<char*> argv = pointers(words);
  const std::vector<char*> envp = pointers(settings);
  if (access(words.front().c_str(), X_OK) != 0) {
    why = std::strerror(errno);
    close(ends[0]);
    close(ends[1]);
    return false;
  }
  const pid_t parent = getpid();
  process.pid = fork();
  if (process.pid == 0) become(argv.data(), envp.data(), ends[1], command.folders.front().c_str(), parent);
  close(ends[1]);
  if (process.pid < 0) {
    why = std::strerror(errno);
    close(ends[0]);
    return false;
  }
  fcntl(ends[0], F_SETFL, O_NONBLOCK);
  process.output = ends[0];
  return true;
}

bool LocalProcesses::stop(PodId pod, TimeUs kill_at) {
  const auto it = processes_.find(pod);
  if (it == processes_.end()) {
    // It has ended, and the kernel will hear of it or has.
    return std::ranges::any_of(failed_, [&](const Ended& one) { return one.pod == pod; });
  }
  if (it->second.kill_at == kNever) ::kill(it->second.pid, SIGTERM);
  it->second.kill_at = std::min(it->second.kill_at, kill_at);
  return true;
}

const ContainerOutput* LocalProcesses::output(const std::string& pod, bool previous) const {
  const auto it = kept_.find(pod);
  if (it == kept_.end()) return nullptr;
  if (!previous) return &it->second.now;
  return it->second.restarted ? &it->second.before : nullptr;
}

std::vector<LocalProcesses::Ended> LocalProcesses::attend(TimeUs now) {
  std::vector<Ended> ended = std::exchange(failed_, {});
  for (auto it = processes_.begin(); it != processes_.end();) {
    Process& process = it->second;
    read_output(process, now);
    if (process.kill_at <= now) ::kill(process.pid, SIGKILL);
    int status = 0;
    if (waitpid(process.pid, &status, WNOHANG) != process.pid) {
      ++it;
      continue;
    }
    ::kill(-process.pid, SIGKILL);  // its children die with it, as those of a container's first process
    read_output(process, now);
    if (!process.partial.empty()) keep(process, std::exchange(process.partial, {}), now);
    close(process.output);
    ended.push_back({it->first, code_of(status)});
    it = processes_.erase(it);
  }
  if (++looks_ % kLooksBetweenSweeps == 0) forget_gone_pods();
  return ended;
}

void LocalProcesses::read_output(Process& process, TimeUs now) {
  std::array<char, 16384> piece{};
  for (;;) {
    const ssize_t n = read(process.output, piece.data(), piece.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return;
    process.partial.append(piece.data(), static_cast<std::size_t>(n));
    std::size_t begin = 0;
    for (;;) {
      const std::size_t newline = process.partial.find('\n', begin);
      if (newline == std::string::npos && process.partial.size() - begin <= kLineMax) break;
      const std::size_t end = newline == std::string::npos ? begin + kLineMax : newline;
      keep(process, process.partial.substr(begin, end - begin), now);
      begin = newline == std::string::npos ? end : end + 1;
    }
    process.partial.erase(0, begin);
  }
}

void LocalProcesses::keep(Process& process, std::string text, TimeUs now) {
  if (process.printed > kFileMax) {
    std::error_code ignored;  // the older half is what is lost then
    std::filesystem::rename(process.file, process.file + ".1", ignored);
    process.printed = 0;
  }
  std::ofstream(process.file, std::ios::binary | std::ios::app) << text << '\n';
  process.printed += text.size() + 1;
  ContainerOutput& output = kept_[process.pod].now;
  output.lines.push_back({now, std::move(text)});
  if (output.lines.size() > options_.lines_max) {
    output.lines.pop_front();
    ++output.dropped;
  }
}

void LocalProcesses::forget_gone_pods() {
  if (state_ == nullptr) return;
  std::erase_if(kept_, [this](const auto& entry) { return state_->find_pod(entry.first) == nullptr; });
}

}  // namespace podramp::sim
