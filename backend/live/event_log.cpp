#include "backend/live/event_log.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "backend/port/json_writer.h"

namespace podramp {
namespace {

constexpr std::size_t kFlushBytes = 1U << 20U;

template <std::size_t... I>
std::vector<std::string_view> catalogue_names(std::index_sequence<I...> /*all*/) {
  return {std::variant_alternative_t<I, EventData>::kType...};
}

void write_header(std::string& out, const LogHeader& header) {
  PodMemory memory(false);
  JsonWriter writer(out, memory);
  out += "{";
  out += fmt::format(R"("podramp":"log","schema":{},"version":"{}","seed":{},"level":"{}","engine":"{}","ties":"{}",)",
                     kLogSchema, kPodrampVersion, header.seed, to_text(header.level), header.engine, header.ties);
  out += fmt::format(R"("wall_zero":"{}","applications":)", header.wall_zero);
  writer.value(header.applications);
  if (header.live) {
    out += ",\"live\":";
    JsonWriter(out, memory).value(*header.live);
  }
  out += ",\"scenario\":";
  out += header.scenario_json.empty() ? "null" : header.scenario_json;
  out += "}\n";
}

}  // namespace

void Fingerprint::add(std::string_view text) {
  constexpr std::uint64_t kPrime = 0x9fb21c651e98df25U;
  const auto mix = [&](std::uint64_t word) {
    hash_ = (hash_ ^ word) * kPrime;
    hash_ ^= hash_ >> 29U;
  };
  std::size_t i = 0;
  for (; i + 8 <= text.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data() + i, 8);
    mix(word);
  }
  std::uint64_t tail = text.size();
  for (; i < text.size(); ++i) tail = (tail << 8U) | static_cast<unsigned char>(text[i]);
  mix(tail);
}

std::string Fingerprint::text() const { return hex(hash_); }

EventLog::EventLog(LogLevel level) : level_(level), counts_(std::variant_size_v<EventData>) {}

EventLog::~EventLog() {
  flush();
  if (file_ >= 0) ::close(file_);
}

Result<bool> EventLog::open(const std::string& path, const LogHeader& header) {
  path_ = path;
  file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file_ < 0) return tl::unexpected(Error{fmt::format("cannot write {}: {}", path, std::strerror(errno))});
  LogHeader stated = header;
  stated.level = level_;
  write_header(buffer_, stated);
  bytes_ = buffer_.size();
  return true;
}

void EventLog::append(const EventRef& event, PodMemory& memory) {
  ++events_;
  ++counts_[event.data.index()];
  if (level_ == LogLevel::none) return;
  const std::string_view type = type_name(event.data);
  const bool decision = type.starts_with("in.") || type.starts_with("out.");
  const bool world = type.starts_with("fact.");
  const std::size_t start = buffer_.size();
  write_line(buffer_, event, memory);
  const std::string_view line = std::string_view(buffer_).substr(start);
  // From "t" to "by", and from "key" on: what happened, without the numbering.
  const std::string_view what = line.substr(line.find(",\"t\":"));
  Fingerprint& family = decision ? decisions_ : world_;
  if (decision || world) family.add(what.substr(0, what.find(",\"cause\":")));
  if (decision || world) family.add(what.substr(what.find(",\"key\":")));
  all_.add(line);
  buffer_ += '\n';
  const bool kept = level_ == LogLevel::all || decision || type.starts_with("check.") || type.starts_with("run.");
  if (!kept || file_ < 0) {
    buffer_.resize(start);
    return;
  }
  bytes_ += buffer_.size() - start;
  if (buffer_.size() >= kFlushBytes) flush();
}

void EventLog::flush() {
  if (file_ < 0) return;
  std::size_t done = 0;
  while (done < buffer_.size() && write_error_ == 0) {
    const ssize_t n = ::write(file_, buffer_.data() + done, buffer_.size() - done);
    if (n > 0) done += static_cast<std::size_t>(n);
    if (n < 0 && errno != EINTR) write_error_ = errno;
  }
  buffer_.clear();
}

Result<bool> EventLog::sync() {
  flush();
  if (write_error_ == 0) return true;
  return tl::unexpected(Error{fmt::format("cannot write {}: {}", path_, std::strerror(write_error_))});
}

Result<LogFooter> EventLog::close(std::string ended, TimeUs t) {
  static const auto kNames = catalogue_names(std::make_index_sequence<std::variant_size_v<EventData>>());
  LogFooter footer{std::move(ended), t, events_, {}, {}};
  for (std::size_t i = 0; i < counts_.size(); ++i) {
    if (counts_[i] > 0) footer.by_type[std::string(kNames[i])] = counts_[i];
  }
  if (level_ != LogLevel::none) footer.fingerprints = {decisions_.text(), world_.text(), all_.text()};
  if (file_ < 0) return footer;
  PodMemory memory(false);
  buffer_ += "{\"footer\":";
  JsonWriter(buffer_, memory).value(footer);
  buffer_ += "}\n";
  flush();
  if (::close(file_) != 0 && write_error_ == 0) write_error_ = errno;
  file_ = -1;
  if (write_error_ != 0) {
    return tl::unexpected(Error{fmt::format("cannot write {}: {}", path_, std::strerror(write_error_))});
  }
  return footer;
}

}  // namespace podramp
