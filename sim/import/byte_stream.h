// Bytes of a file, or of a compressed file unpacked as they are read: never more in memory than one block of it.
// The four framings are those of Spark's CompressionCodecs; which one a file has: event_log_files.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "backend/port/status.h"

namespace podramp::sim {

class ByteStream {
 public:
  ByteStream() = default;
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;
  virtual ~ByteStream() = default;

  // Up to `size` bytes; 0 at the end. Errors say what is wrong with the file, not which file.
  virtual Result<std::size_t> read(char* into, std::size_t size) = 0;
  // After the end: it came in the middle of a compressed block, as in the log of a driver that was killed.
  virtual bool cut_off() const { return false; }
};
using ByteStreamPtr = std::unique_ptr<ByteStream>;

Result<ByteStreamPtr> open_file(const std::string& path);

// A block that says it is larger than this once unpacked is refused.
inline constexpr std::size_t kBlockBytesMax = std::size_t{64} << 20;

// Hands out the blocks that next_block() makes.
class BlockStream : public ByteStream {
 public:
  Result<std::size_t> read(char* into, std::size_t size) final;
  bool cut_off() const final { return cut_off_; }

 protected:
  explicit BlockStream(ByteStreamPtr from) : from_(std::move(from)) {}
  // The next unpacked block; false at the end.
  virtual Result<bool> next_block(std::string& block) = 0;
  // So many bytes of the packed file into `into`; false, and the end, when there are fewer. A beginning of `into`
  // counts as cut off.
  Result<bool> fetch(std::string& into, std::size_t size, bool may_end);

 private:
  ByteStreamPtr from_;
  std::string block_;
  std::size_t given_ = 0;
  bool ended_ = false;
  bool cut_off_ = false;
};

ByteStreamPtr zstd_stream(ByteStreamPtr from);    // frames of RFC 8878, one after the other
ByteStreamPtr lz4_stream(ByteStreamPtr from);     // lz4-java's LZ4BlockOutputStream
ByteStreamPtr snappy_stream(ByteStreamPtr from);  // snappy-java's SnappyOutputStream
ByteStreamPtr lzf_stream(ByteStreamPtr from);     // ning's compress-lzf

// The number in `text` from `at`, little or big end first.
std::uint32_t little_u32(std::string_view text, std::size_t at);
std::uint32_t big_u32(std::string_view text, std::size_t at);

}  // namespace podramp::sim
