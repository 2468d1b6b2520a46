#include "sim/import/line_reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace podramp::sim {

Result<bool> LineReader::next(std::string& line) {
  constexpr std::size_t kChunk = std::size_t{256} << 10;
  line.clear();
  complete_ = false;
  for (;;) {
    const std::size_t end = std::min(buffer_.find('\n', at_), buffer_.size());
    line.append(buffer_, at_, end - at_);
    if (line.size() > kLineBytesMax) {
      return tl::unexpected(Error{fmt::format("line {} has more than {} MiB", number_ + 1, kLineBytesMax >> 20)});
    }
    at_ = end;
    if (end < buffer_.size()) {
      complete_ = true;
      ++at_;
      break;
    }
    buffer_.resize(kChunk);
    at_ = 0;
    const auto some = from_->read(buffer_.data(), kChunk);
    buffer_.resize(some ? *some : 0);
    if (!some) return tl::unexpected(some.error());
    if (*some == 0) break;
  }
  if (!complete_ && line.empty()) return false;
  if (line.ends_with('\r')) line.pop_back();
  ++number_;
  return true;
}

}  // namespace podramp::sim
