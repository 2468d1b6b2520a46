// A stream begins with 82 "SNAPPY" 00 and two version numbers; then blocks: the packed length (four bytes, big end
// first) and as many bytes in Snappy's raw format. Another stream may follow.
#include <fmt/format.h>
#include <snappy.h>

#include "sim/import/byte_stream.h"

namespace podramp::sim {
namespace {

constexpr std::string_view kSnappyMagic{"\x82SNAPPY\0", 8};
constexpr std::size_t kSnappyVersions = 8;

class SnappyStream final : public BlockStream {
 public:
  explicit SnappyStream(ByteStreamPtr from) : BlockStream(std::move(from)) {}

 private:
  Result<bool> next_block(std::string& block) override {
    std::string text;
    const auto length = fetch(text, 4, true);
    if (!length || !*length) return length;
    if (text == kSnappyMagic.substr(0, 4)) {
      const auto rest = fetch(text, kSnappyMagic.size() - 4 + kSnappyVersions, false);
      if (!rest || !*rest) return rest;
      if (!text.starts_with(kSnappyMagic.substr(4))) return tl::unexpected(Error{"is not what snappy-java writes"});
      begun_ = true;
      return true;
    }
    const std::size_t packed = big_u32(text, 0);
    if (!begun_) return tl::unexpected(Error{"is not what snappy-java writes: it does not begin with 82 SNAPPY"});
    if (packed > kBlockBytesMax) return tl::unexpected(Error{fmt::format("has a Snappy block of {} bytes", packed)});
    const auto body = fetch(text, packed, false);
    if (!body || !*body) return body;
    std::size_t unpacked = 0;
    if (!snappy::GetUncompressedLength(text.data(), text.size(), &unpacked) || unpacked > kBlockBytesMax) {
      return tl::unexpected(Error{fmt::format("has a Snappy block that says it unpacks to {} bytes", unpacked)});
    }
    if (!snappy::Uncompress(text.data(), text.size(), &block)) {
      return tl::unexpected(Error{"has a Snappy block that cannot be unpacked"});
    }
    return true;
  }
  bool begun_ = false;
};

}  // namespace

ByteStreamPtr snappy_stream(ByteStreamPtr from) { return std::make_unique<SnappyStream>(std::move(from)); }

}  // namespace podramp::sim
