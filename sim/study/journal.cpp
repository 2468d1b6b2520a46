#include "sim/study/journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sim/results.h"

namespace podramp::sim {
namespace {

std::string header_of(const std::string& plan_hash) {
  return fmt::format(R"({{"podramp":"study journal","version":"{}","plan":"{}"}})", kPodrampVersion, plan_hash);
}

tl::unexpected<Error> journal_failure(const std::string& path) {
  return tl::unexpected(Error{fmt::format("cannot write {}: {}", path, std::strerror(errno))});
}

Result<bool> put(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(file, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return tl::unexpected(Error{fmt::format("cannot write the journal: {}", std::strerror(errno))});
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

}  // namespace

Journal::~Journal() {
  if (file_ >= 0) ::close(file_);
}

Result<Journal> Journal::open(const std::string& path, const std::string& plan_hash, bool force) {
  Journal journal(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_APPEND, 0644));
  if (journal.file_ < 0) return journal_failure(path);
  if (::flock(journal.file_, LOCK_EX | LOCK_NB) != 0) {
    return tl::unexpected(Error{fmt::format("{} is in use: another podramp tune is at work there", path)});
  }
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  const std::string header = header_of(plan_hash) + "\n";
  const std::size_t whole = text->rfind('\n') == std::string::npos ? 0 : text->rfind('\n') + 1;
  const bool is_ours = whole > 0 && text->starts_with(header);
  if (whole > 0 && !is_ours && !force) {
    return tl::unexpected(Error{fmt::format(
        "{} is of another study, or the spec, its scenario or podramp changed since; give another --out, or --force to "
        "begin anew",
        path)});
  }
  if (::ftruncate(journal.file_, is_ours ? static_cast<off_t>(whole) : 0) != 0) return journal_failure(path);
  if (!is_ours) {
    if (auto written = put(journal.file_, header); !written) return tl::unexpected(written.error());
    return journal;
  }
  for (std::size_t start = header.size(); start < whole;) {
    const std::size_t end = text->find('\n', start);
    auto line = outcome_from_line(std::string_view(*text).substr(start, end - start));
    if (!line) return tl::unexpected(Error{fmt::format("{}: {}", path, line.error().message)});
    if (line->second.has_result() || line->second.exit == kExitBadInput) {
      journal.outcomes_[line->first] = std::move(line->second);
    }
    start = end + 1;
  }
  return journal;
}

Result<bool> Journal::append(const RunKey& key, const Outcome& outcome) {
  auto written = put(file_, to_json_line(key, outcome) + "\n");
  if (written) outcomes_[key] = outcome;
  return written;
}

}  // namespace podramp::sim
