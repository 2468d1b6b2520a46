#include "sim/import/byte_stream.h"

#include <algorithm>
#include <cstring>
#include <fstream>

namespace podramp::sim {
namespace {

class FileStream final : public ByteStream {
 public:
  explicit FileStream(std::ifstream file) : file_(std::move(file)) {}
  Result<std::size_t> read(char* into, std::size_t size) override {
    file_.read(into, static_cast<std::streamsize>(size));
    if (file_.bad()) return tl::unexpected(Error{"cannot be read"});
    return static_cast<std::size_t>(file_.gcount());
  }

 private:
  std::ifstream file_;
};

std::uint32_t byte_at(std::string_view text, std::size_t at) { return static_cast<unsigned char>(text[at]); }

}  // namespace

Result<ByteStreamPtr> open_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return tl::unexpected(Error{"cannot be opened"});
  return std::make_unique<FileStream>(std::move(file));
}

Result<std::size_t> BlockStream::read(char* into, std::size_t size) {
  while (given_ == block_.size() && !ended_) {
    given_ = 0;
    block_.clear();
    const auto more = next_block(block_);
    if (!more) return tl::unexpected(more.error());
    ended_ = !*more;
    if (ended_) block_.clear();
  }
  const std::size_t some = std::min(size, block_.size() - given_);
  std::memcpy(into, block_.data() + given_, some);
  given_ += some;
  return some;
}

Result<bool> BlockStream::fetch(std::string& into, std::size_t size, bool may_end) {
  into.resize(size);
  std::size_t have = 0;
  while (have < size) {
    const auto some = from_->read(into.data() + have, size - have);
    if (!some) return tl::unexpected(some.error());
    if (*some == 0) break;
    have += *some;
  }
  into.resize(have);
  if (have == size) return true;
  cut_off_ = have > 0 || !may_end;
  return false;
}

std::uint32_t little_u32(std::string_view text, std::size_t at) {
  return byte_at(text, at) | byte_at(text, at + 1) << 8 | byte_at(text, at + 2) << 16 | byte_at(text, at + 3) << 24;
}

std::uint32_t big_u32(std::string_view text, std::size_t at) {
  return byte_at(text, at) << 24 | byte_at(text, at + 1) << 16 | byte_at(text, at + 2) << 8 | byte_at(text, at + 3);
}

}  // namespace podramp::sim
