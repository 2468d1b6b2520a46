// A window of more than 128 MiB, libzstd's own limit, is refused.
#include <fmt/format.h>
#include <zstd.h>

#include "sim/import/byte_stream.h"

namespace podramp::sim {
namespace {

class ZstdStream final : public ByteStream {
 public:
  explicit ZstdStream(ByteStreamPtr from) : from_(std::move(from)), context_(ZSTD_createDCtx()) {}

  Result<std::size_t> read(char* into, std::size_t size) override {
    ZSTD_outBuffer out{into, size, 0};
    while (out.pos == 0) {
      if (in_.pos == in_.size && !stuck_inside()) {
        const auto some = from_->read(packed_.data(), packed_.size());
        if (!some) return tl::unexpected(some.error());
        if (*some == 0) return std::size_t{0};
        in_ = {packed_.data(), *some, 0};
      }
      left_ = ZSTD_decompressStream(context_.get(), &out, &in_);
      full_ = out.pos == out.size;
      if (ZSTD_isError(left_) != 0) {
        return tl::unexpected(Error{fmt::format("is not what zstd writes: {}", ZSTD_getErrorName(left_))});
      }
    }
    return out.pos;
  }
  bool cut_off() const override { return left_ != 0; }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
  };
  // The last call filled its buffer in the middle of a frame: more may come without more input.
  bool stuck_inside() {
    const bool was = full_;
    full_ = false;
    return was && left_ != 0;
  }

  ByteStreamPtr from_;
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  std::string packed_ = std::string(std::size_t{128} << 10, '\0');
  ZSTD_inBuffer in_{nullptr, 0, 0};
  std::size_t left_ = 0;  // of the frame; 0: between frames
  bool full_ = false;
};

}  // namespace

ByteStreamPtr zstd_stream(ByteStreamPtr from) { return std::make_unique<ZstdStream>(std::move(from)); }

}  // namespace podramp::sim
