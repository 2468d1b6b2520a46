// A block is "LZ4Block", a byte (method, and the block size it was made with), the packed and the unpacked length and a
// checksum (four bytes each, little end first), then its bytes. An empty block ends a stream; another may follow.
// The checksum is not looked at: what is wrong is no JSON.
#include <fmt/format.h>
#include <lz4.h>

#include "sim/import/byte_stream.h"

namespace podramp::sim {
namespace {

constexpr std::string_view kLz4Magic = "LZ4Block";
constexpr std::size_t kLz4Header = 21;
constexpr unsigned kLz4Raw = 0x10;
constexpr unsigned kLz4Packed = 0x20;

class Lz4Stream final : public BlockStream {
 public:
  explicit Lz4Stream(ByteStreamPtr from) : BlockStream(std::move(from)) {}

 private:
  Result<bool> next_block(std::string& block) override {
    std::string text;
    const auto header = fetch(text, kLz4Header, true);
    if (!header || !*header) return header;
    const std::size_t packed = little_u32(text, 9);
    const std::size_t unpacked = little_u32(text, 13);
    const unsigned method = static_cast<unsigned char>(text[8]) & 0xF0U;
    if (!text.starts_with(kLz4Magic) || (method != kLz4Raw && method != kLz4Packed)) {
      return tl::unexpected(Error{"is not what lz4-java writes: a block does not begin with LZ4Block"});
    }
    if (packed > kBlockBytesMax || unpacked > kBlockBytesMax || (method == kLz4Raw && packed != unpacked)) {
      return tl::unexpected(Error{fmt::format("has an LZ4 block of {} bytes that unpacks to {}", packed, unpacked)});
    }
    if (unpacked == 0) return true;
    const auto body = fetch(text, packed, false);
    if (!body || !*body) return body;
    if (method == kLz4Raw) {
      block = std::move(text);
      return true;
    }
    block.resize(unpacked);
    const int made =
        LZ4_decompress_safe(text.data(), block.data(), static_cast<int>(packed), static_cast<int>(unpacked));
    if (made != static_cast<int>(unpacked)) return tl::unexpected(Error{"has an LZ4 block that cannot be unpacked"});
    return true;
  }
};

}  // namespace

ByteStreamPtr lz4_stream(ByteStreamPtr from) { return std::make_unique<Lz4Stream>(std::move(from)); }

}  // namespace podramp::sim
