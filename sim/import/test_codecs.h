// Packs a text as Spark's four codecs do, for tests: the framings are written out here once more, so that a reader that
// is wrong about one does not agree with itself.
#pragma once

#include <liblzf/lzf.h>
#include <lz4.h>
#include <snappy.h>
#include <zstd.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

#include "backend/port/status.h"

namespace podramp::sim {

inline std::string little(std::uint32_t value) {
  std::string text;
  for (int i = 0; i < 4; ++i) text += static_cast<char>(value >> (8 * i) & 0xFFU);
  return text;
}
inline std::string big(std::uint32_t value, int bytes) {
  std::string text;
  for (int i = bytes - 1; i >= 0; --i) text += static_cast<char>(value >> (8 * i) & 0xFFU);
  return text;
}

inline std::string zstd_packed(std::string_view text) {
  std::string packed(ZSTD_compressBound(text.size()), '\0');
  packed.resize(ZSTD_compress(packed.data(), packed.size(), text.data(), text.size(), 1));
  return packed;
}

inline std::string lz4_block(std::string_view text) {
  std::string packed(static_cast<std::size_t>(LZ4_compressBound(static_cast<int>(text.size()))), '\0');
  const int size =
      LZ4_compress_default(text.data(), packed.data(), static_cast<int>(text.size()), static_cast<int>(packed.size()));
  packed.resize(static_cast<std::size_t>(size));
  const bool raw = packed.size() >= text.size();
  if (raw) packed = std::string(text);
  return std::string("LZ4Block") + (raw ? '\x15' : '\x25') + little(static_cast<std::uint32_t>(packed.size())) +
         little(static_cast<std::uint32_t>(text.size())) + little(0) + packed;
}
inline std::string lz4_packed(std::string_view text, std::size_t block = 32768) {
  std::string packed;
  for (; !text.empty(); text.remove_prefix(std::min(block, text.size()))) packed += lz4_block(text.substr(0, block));
  return packed + "LZ4Block\x15" + little(0) + little(0) + little(0);
}

inline std::string snappy_packed(std::string_view text, std::size_t block = 32768) {
  std::string packed = std::string("\x82SNAPPY\0", 8) + big(1, 4) + big(1, 4);
  for (; !text.empty(); text.remove_prefix(std::min(block, text.size()))) {
    std::string one;
    snappy::Compress(text.data(), std::min(block, text.size()), &one);
    packed += big(static_cast<std::uint32_t>(one.size()), 4) + one;
  }
  return packed;
}

inline std::string lzf_packed(std::string_view text, std::size_t block = 65535) {
  std::string packed;
  for (; !text.empty(); text.remove_prefix(std::min(block, text.size()))) {
    const std::string_view some = text.substr(0, block);
    std::string one(some.size(), '\0');
    const unsigned size = lzf_compress(some.data(), static_cast<unsigned>(some.size()), one.data(),
                                       static_cast<unsigned>(some.size()) - 1);
    if (size == 0) {
      packed += std::string("ZV\0", 3) + big(static_cast<std::uint32_t>(some.size()), 2) + std::string(some);
    } else {
      packed +=
          std::string("ZV\1", 3) + big(size, 2) + big(static_cast<std::uint32_t>(some.size()), 2) + one.substr(0, size);
    }
  }
  return packed;
}

}  // namespace podramp::sim
