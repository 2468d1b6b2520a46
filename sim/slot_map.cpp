#include "sim/slot_map.h"

#include <utility>

namespace podramp::sim {

bool SlotMap::insert(std::uint64_t id, std::int32_t slot) {
  const std::size_t i = seek(id);
  if (cells_[i].slot != kNone) return false;
  cells_[i] = {id, slot};
  if (++size_ * 2 <= cells_.size()) return true;
  const std::vector<Cell> old = std::exchange(cells_, std::vector<Cell>(cells_.size() * 2));
  --shift_;
  for (const Cell& cell : old) {
    if (cell.slot != kNone) cells_[seek(cell.id)] = cell;
  }
  return true;
}

bool SlotMap::erase(std::uint64_t id) {
  std::size_t hole = seek(id);
  if (cells_[hole].slot == kNone) return false;
  --size_;
  // Whoever was pushed past the hole by its own collisions moves back into it.
  for (std::size_t i = next(hole); cells_[i].slot != kNone; i = next(i)) {
    const std::size_t mask = cells_.size() - 1;
    const std::size_t from_home = (i - home(cells_[i].id)) & mask;
    const std::size_t from_hole = (i - hole) & mask;
    if (from_home < from_hole) continue;
    cells_[hole] = cells_[i];
    hole = i;
  }
  cells_[hole].slot = kNone;
  return true;
}

}  // namespace podramp::sim
