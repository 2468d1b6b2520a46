// A block is "ZV", a type, its length (two bytes, big end first), for type 1 (packed) also the unpacked length, then
// its bytes. Type 0 is stored as it is.
#include <liblzf/lzf.h>

#include "sim/import/byte_stream.h"

namespace podramp::sim {
namespace {

constexpr std::string_view kLzfMagic = "ZV";

class LzfStream final : public BlockStream {
 public:
  explicit LzfStream(ByteStreamPtr from) : BlockStream(std::move(from)) {}

 private:
  static unsigned length_at(const std::string& text, std::size_t at) {
    return static_cast<unsigned>(static_cast<unsigned char>(text[at])) << 8 | static_cast<unsigned char>(text[at + 1]);
  }
  Result<bool> next_block(std::string& block) override {
    std::string text;
    const auto header = fetch(text, 5, true);
    if (!header || !*header) return header;
    if (!text.starts_with(kLzfMagic) || (text[2] != 0 && text[2] != 1)) {
      return tl::unexpected(Error{"is not what compress-lzf writes: a block does not begin with ZV"});
    }
    const bool packed = text[2] == 1;
    const std::size_t length = length_at(text, 3);
    std::size_t unpacked = length;
    if (packed) {
      const auto more = fetch(text, 2, false);
      if (!more || !*more) return more;
      unpacked = length_at(text, 0);
    }
    const auto body = fetch(text, length, false);
    if (!body || !*body) return body;
    if (!packed) {
      block = std::move(text);
      return true;
    }
    block.resize(unpacked);
    const unsigned made =
        lzf_decompress(text.data(), static_cast<unsigned>(text.size()), block.data(), static_cast<unsigned>(unpacked));
    if (made != unpacked) return tl::unexpected(Error{"has an LZF block that cannot be unpacked"});
    return true;
  }
};

}  // namespace

ByteStreamPtr lzf_stream(ByteStreamPtr from) { return std::make_unique<LzfStream>(std::move(from)); }

}  // namespace podramp::sim
