// The code under test: Spark's executor scaling on Kubernetes as one function, step(). It does no I/O and reads no
// clock; the same object runs in simulation, live and in replay. The application's compat level decides which driver
// stands behind it (driver.h).
#pragma once

#include <memory>
#include <string>

#include "backend/driver.h"

namespace podramp::backend {

class Backend {
 public:
  explicit Backend(Application application);

  // One input at `now`; inputs come in time order. All that is to be done about it is added to `out`, in order.
  void step(TimeUs now, const Input& input, Outbox& out) { driver_->step(now, input, out); }

  using Books = backend::Books;
  Books books() const { return driver_->books(); }
  // The whole state as text for people, one fact a line.
  std::string describe() const { return driver_->describe(); }

 private:
  std::unique_ptr<Driver> driver_;
};

}  // namespace podramp::backend
