// The lines of a stream, one at a time: a file of any size needs the memory of its longest line, which has a limit.
#pragma once

#include <cstddef>
#include <string>

#include "sim/import/byte_stream.h"

namespace podramp::sim {

// A plan of a large query is a few MiB; what is longer is no event log, or a decompression bomb.
inline constexpr std::size_t kLineBytesMax = std::size_t{64} << 20;

class LineReader {
 public:
  explicit LineReader(ByteStreamPtr from) : from_(std::move(from)) {}

  // The next line without its end; false at the end of the stream. Errors: the stream's, a line beyond the limit.
  Result<bool> next(std::string& line);
  int number() const { return number_; }       // of the last line, from 1
  bool complete() const { return complete_; }  // it ended with a line break
  bool cut_off() const { return from_->cut_off(); }

 private:
  ByteStreamPtr from_;
  std::string buffer_;
  std::size_t at_ = 0;
  int number_ = 0;
  bool complete_ = true;
};

}  // namespace podramp::sim
