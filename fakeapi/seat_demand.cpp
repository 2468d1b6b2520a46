#include "fakeapi/seat_demand.h"

#include <algorithm>
#include <numeric>

namespace podramp::fakeapi {
namespace {

constexpr std::int64_t kSmoothingPermille = 977;  // seatDemandSmoothingCoefficient

std::int64_t square_root(std::int64_t n) {
  std::int64_t low = 0;
  std::int64_t high = 1'000'000'000;
  while (low < high) {
    const std::int64_t middle = (low + high + 1) / 2;
    (middle <= n / middle ? low : high) = middle <= n / middle ? middle : middle - 1;
  }
  return low;
}

std::int64_t seats_at(std::int64_t fraction_ppm, const SeatClaim& claim) {
  return std::max<std::int64_t>(claim.low, fraction_ppm * claim.target_milli / 1'000'000 / 1000);
}

}  // namespace

void SeatDemand::add_up(TimeUs now) {
  const DurationUs lasted = now - counted_us_;
  sum_ += seats_ * lasted;
  sum_squares_ += std::int64_t{seats_} * seats_ * lasted;
  counted_us_ = now;
}

void SeatDemand::set(int seats, TimeUs now, DurationUs period_us) {
  // At the very end of a period it is still open, for whoever closes it.
  const TimeUs began_us = now == 0 ? 0 : (now - 1) / period_us * period_us;
  if (began_us > from_us_) {
    from_us_ = counted_us_ = began_us;
    sum_ = sum_squares_ = 0;
    highest_ = seats_;
  }
  add_up(now);
  seats_ = seats;
  highest_ = std::max(highest_, seats);
}

void SeatDemand::close(TimeUs now) {
  add_up(now);
  const DurationUs lasted = now - from_us_;
  if (lasted > 0) {
    const std::int64_t mean_milli = 1000 * sum_ / lasted;
    const std::int64_t variance =
        std::max<std::int64_t>(1'000'000 * (sum_squares_ / lasted) - mean_milli * mean_milli, 0);
    const std::int64_t envelope = mean_milli + square_root(variance);
    const std::int64_t slowly = (kSmoothingPermille * smoothed_milli_ + (1000 - kSmoothingPermille) * envelope) / 1000;
    smoothed_milli_ = std::max(envelope, slowly);
  }
  from_us_ = counted_us_ = now;
  sum_ = sum_squares_ = 0;
}

std::vector<int> share_seats(int total, const std::vector<SeatClaim>& claims) {
  const auto sum_at = [&](std::int64_t fraction) {
    return std::accumulate(claims.begin(), claims.end(), std::int64_t{0},
                           [&](std::int64_t sum, const SeatClaim& claim) { return sum + seats_at(fraction, claim); });
  };
  std::int64_t low = 0;  // millionths
  std::int64_t high = 1'000'000'000'000;
  for (const SeatClaim& claim : claims) {  // no product may overflow, and no fraction beyond `total` is of use
    if (claim.target_milli > 0) high = std::min(high, 1'000'000'000 * (std::int64_t{total} + 1) / claim.target_milli);
  }
  while (low < high) {
    const std::int64_t middle = (low + high + 1) / 2;
    if (sum_at(middle) <= total) {
      low = middle;
    } else {
      high = middle - 1;
    }
  }
  std::vector<int> seats;
  for (const SeatClaim& claim : claims) seats.push_back(static_cast<int>(seats_at(low, claim)));
  return seats;
}

}  // namespace podramp::fakeapi
