#include "sim/import/event_log_files.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <filesystem>
#include <map>
#include <optional>

namespace podramp::sim {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kInProgress = ".inprogress";
constexpr std::string_view kCompact = ".compact";
constexpr std::string_view kPart = "events_";
constexpr std::string_view kStatus = "appstatus_";

struct Codec {
  std::string_view suffix;
  std::string_view magic;
  ByteStreamPtr (*unpack)(ByteStreamPtr);
};
constexpr std::array<Codec, 4> kCodecs{{{".zstd", "\x28\xB5\x2F\xFD", zstd_stream},
                                        {".lz4", "LZ4Block", lz4_stream},
                                        {".snappy", {"\x82SNAPPY\0", 8}, snappy_stream},
                                        {".lzf", "ZV", lzf_stream}}};

std::string_view without(std::string_view name, std::string_view suffix) {
  return name.ends_with(suffix) ? name.substr(0, name.size() - suffix.size()) : name;
}

const Codec* codec_of(const std::string& path) {
  const std::string_view name = without(without(path, kCompact), kInProgress);
  const auto at = std::ranges::find_if(kCodecs, [&](const Codec& codec) { return name.ends_with(codec.suffix); });
  return at == kCodecs.end() ? nullptr : &*at;
}

// The number of a part's name, nothing for other files.
std::optional<std::int64_t> part_number(std::string_view name) {
  if (!name.starts_with(kPart)) return std::nullopt;
  name.remove_prefix(kPart.size());
  std::int64_t number = 0;
  const auto [end, code] = std::from_chars(name.data(), name.data() + name.size(), number);
  if (code != std::errc{} || end == name.data() + name.size() || *end != '_') return std::nullopt;
  return number;
}

struct Folder {
  std::map<std::int64_t, std::string> parts;
  std::map<std::int64_t, std::string> compacted;
  std::optional<bool> in_progress;
  std::vector<std::string> others;
};

Result<Folder> read_folder(const std::string& path) {
  std::error_code code;
  Folder folder;
  for (fs::directory_iterator it(path, code), end; !code && it != end; it.increment(code)) {
    const std::string name = it->path().filename().string();
    if (const auto number = part_number(name)) {
      (name.ends_with(kCompact) ? folder.compacted : folder.parts)[*number] = it->path().string();
    } else if (name.starts_with(kStatus)) {
      folder.in_progress = name.ends_with(kInProgress);
    } else if (!name.starts_with(".")) {
      folder.others.push_back(name);
    }
  }
  if (code) return tl::unexpected(Error{fmt::format("{}: {}", path, code.message())});
  std::ranges::sort(folder.others);
  return folder;
}

Result<EventLogFiles> folder_files(const std::string& path, ImportNotes& notes) {
  auto folder = read_folder(path);
  if (!folder) return tl::unexpected(folder.error());
  if (folder->parts.empty() && folder->compacted.empty()) {
    if (folder->others.size() > 10) folder->others.resize(10);
    return tl::unexpected(Error{
        fmt::format("{}: holds no part of an event log (events_1_APP, ...){}", path,
                    folder->others.empty() ? "" : fmt::format("; name one of: {}", fmt::join(folder->others, ", ")))});
  }
  EventLogFiles files;
  std::int64_t next = 1;
  if (!folder->compacted.empty()) {
    next = folder->compacted.rbegin()->first + 1;
    files.paths.push_back(folder->compacted.rbegin()->second);
    files.compacted = true;
  }
  for (const auto& [number, part] : folder->parts) {
    if (number < next) continue;  // the compacted part holds what is left of it
    if (number > next) {
      return tl::unexpected(Error{fmt::format("{}: part {} is missing (events_{}_...), part {} is there; copy it, too",
                                              path, next, next, number)});
    }
    files.paths.push_back(part);
    ++next;
  }
  files.in_progress = folder->in_progress.value_or(false);
  if (!folder->in_progress) {
    notes.assumed("appstatus", "the folder has no mark of that name: the log is taken to be complete");
  }
  return files;
}

// Gives what was looked at first, then the rest.
class Unread final : public ByteStream {
 public:
  Unread(std::string first, ByteStreamPtr rest) : first_(std::move(first)), rest_(std::move(rest)) {}
  Result<std::size_t> read(char* into, std::size_t size) override {
    if (first_.empty()) return rest_->read(into, size);
    const std::size_t some = first_.copy(into, size);
    first_.erase(0, some);
    return some;
  }

 private:
  std::string first_;
  ByteStreamPtr rest_;
};

}  // namespace

Result<EventLogFiles> find_event_log(const std::string& path, ImportNotes& notes) {
  std::error_code code;
  if (fs::is_directory(path, code)) return folder_files(path, notes);
  if (!fs::exists(path, code)) return tl::unexpected(Error{path + ": there is no such file or folder"});
  EventLogFiles files;
  files.paths.push_back(path);
  files.in_progress = path.ends_with(kInProgress);
  files.compacted = path.ends_with(kCompact);
  return files;
}

Result<ByteStreamPtr> open_event_log(const std::string& path) {
  auto file = open_file(path);
  if (!file) return tl::unexpected(Error{fmt::format("{}: {}", path, file.error().message)});
  std::string first(8, '\0');
  const auto some = (*file)->read(first.data(), first.size());
  if (!some) return tl::unexpected(Error{fmt::format("{}: {}", path, some.error().message)});
  first.resize(*some);
  const Codec* codec = codec_of(path);
  const auto begins = [&](const Codec& one) { return first.starts_with(one.magic); };
  if (codec != nullptr && !first.empty() && !begins(*codec)) {
    return tl::unexpected(
        Error{fmt::format("{}: does not begin as a {} file does; Spark goes by the suffix: rename it to what it is",
                          path, codec->suffix)});
  }
  const auto packed = std::ranges::find_if(kCodecs, begins);
  if (codec == nullptr && packed != kCodecs.end() && packed->magic != "ZV") {
    return tl::unexpected(Error{fmt::format("{}: is packed; Spark goes by the suffix: rename it to {}{}", path,
                                            fs::path(path).filename().string(), packed->suffix)});
  }
  if (codec == nullptr && first.starts_with("\x1f\x8b")) {
    return tl::unexpected(Error{path + ": is a gzip file, which Spark does not write: gunzip it first"});
  }
  auto stream = std::make_unique<Unread>(std::move(first), std::move(*file));
  return codec == nullptr ? ByteStreamPtr(std::move(stream)) : codec->unpack(std::move(stream));
}

}  // namespace podramp::sim
