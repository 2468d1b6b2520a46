// The body of a request in chunks (RFC 9112, 7.1), from bytes that are cut anywhere. Extensions and trailers are read
// and dropped, as Go's server does. Beast 1.74's own reading of them depends on where the bytes are cut.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace podramp::http {

class ChunkedBody {
 public:
  enum class State { reading, done, malformed, too_large };

  // limit: bytes of the body, without what frames it.
  explicit ChunkedBody(std::uint64_t limit = 0) : limit_(limit) {}

  // Reads on in `bytes`, which must begin with what the call before left over; returns how many are used up.
  std::size_t feed(std::string_view bytes);
  State state() const { return state_; }
  const std::string& why() const { return why_; }  // of malformed, a sentence's end: "a chunk's size is no number"
  std::string& body() { return body_; }

 private:
  enum class Part { size, data, data_end, trailer };
  std::size_t read_line(std::string_view bytes);
  void take_size(std::string_view line);
  void take_trailer(std::string_view line);
  void fail(std::string why);

  std::uint64_t limit_;
  State state_ = State::reading;
  Part part_ = Part::size;
  std::uint64_t left_ = 0;    // bytes of this chunk
  std::size_t trailers_ = 0;  // bytes so far
  std::string body_;
  std::string why_;
};

}  // namespace podramp::http
