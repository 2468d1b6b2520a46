#include "backend/http/chunked_body.h"

#include <algorithm>
#include <charconv>

namespace podramp::http {
namespace {

constexpr std::size_t kLineMax = 16 << 10;  // bytes: of a chunk's head, of all trailers together

}  // namespace

void ChunkedBody::fail(std::string why) {
  state_ = State::malformed;
  why_ = std::move(why);
}

std::size_t ChunkedBody::feed(std::string_view bytes) {
  std::size_t used = 0;
  while (state_ == State::reading && used < bytes.size()) {
    const std::string_view rest = bytes.substr(used);
    std::size_t taken = 0;
    if (part_ == Part::data) {
      taken = static_cast<std::size_t>(std::min<std::uint64_t>(left_, rest.size()));
      body_ += rest.substr(0, taken);
      left_ -= taken;
      if (left_ == 0) part_ = Part::data_end;
    } else {
      taken = read_line(rest);
    }
    if (taken == 0) break;
    used += taken;
  }
  return used;
}

// Bytes of the line and its end; 0 while its end has not come, and after a mistake.
std::size_t ChunkedBody::read_line(std::string_view bytes) {
  const std::size_t end = bytes.find('\n');
  if (std::min(end, bytes.size()) > kLineMax) {
    fail("a chunk's head or the trailers are too long");
    return 0;
  }
  if (end == std::string_view::npos) return 0;
  const std::string_view line = bytes.substr(0, end == 0 ? 0 : end - 1);
  if (end == 0 || bytes[end - 1] != '\r' || line.find('\r') != std::string_view::npos) {
    fail("a line between chunks does not end in CR LF");
    return 0;
  }
  switch (part_) {
    case Part::size: take_size(line); break;
    case Part::trailer: take_trailer(line); break;
    case Part::data:
    case Part::data_end:
      if (!line.empty()) fail("a chunk is longer than its size");
      part_ = Part::size;
      break;
  }
  return state_ == State::malformed ? 0 : end + 1;
}

void ChunkedBody::take_size(std::string_view line) {
  const std::string_view head = line.substr(0, line.find(';'));
  std::string_view digits = head.substr(0, head.find_last_not_of(" \t") + 1);
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), left_, 16);
  if (error == std::errc::result_out_of_range) {
    state_ = State::too_large;
  } else if (error != std::errc() || end != digits.data() + digits.size()) {
    fail("a chunk's size is no number");
  } else if (left_ > limit_ - body_.size()) {
    state_ = State::too_large;
  } else {
    part_ = left_ == 0 ? Part::trailer : Part::data;
  }
}

void ChunkedBody::take_trailer(std::string_view line) {
  trailers_ += line.size();
  if (line.empty()) {
    state_ = State::done;
  } else if (trailers_ > kLineMax) {
    fail("a chunk's head or the trailers are too long");
  } else if (line.find(':') == std::string_view::npos || line.front() == ' ' || line.front() == '\t') {
    fail("a trailer is no header");
  }
}

}  // namespace podramp::http
