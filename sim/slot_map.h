// Transfer id -> slot, flat: one cache line a look-up where std::unordered_map takes three, which is most of what a
// pull costs with thousands alive. Open addressing, erased by shifting back. It cannot be walked.
#pragma once

#include <cstdint>
#include <vector>

namespace podramp::sim {

class SlotMap {
 public:
  static constexpr std::int32_t kNone = -1;

  // The slot of an id, or kNone.
  std::int32_t find(std::uint64_t id) const { return cells_[seek(id)].slot; }
  // False, and nothing changes, if the id has a slot already. slot >= 0.
  bool insert(std::uint64_t id, std::int32_t slot);
  // False if the id has no slot.
  bool erase(std::uint64_t id);
  std::size_t size() const { return size_; }

 private:
  struct Cell {
    std::uint64_t id = 0;
    std::int32_t slot = kNone;
  };
  std::size_t home(std::uint64_t id) const { return static_cast<std::size_t>((id * 0x9E3779B97F4A7C15U) >> shift_); }
  std::size_t next(std::size_t i) const { return (i + 1) & (cells_.size() - 1); }
  // The cell that holds the id, or the empty one where it would go.
  std::size_t seek(std::uint64_t id) const {
    std::size_t i = home(id);
    while (cells_[i].slot != kNone && cells_[i].id != id) i = next(i);
    return i;
  }

  std::vector<Cell> cells_ = std::vector<Cell>(16);  // a power of two, at most half full
  int shift_ = 60;                                   // 64 - log2 of it
  std::size_t size_ = 0;
};

}  // namespace podramp::sim
