#include "backend/backend.h"

#include <utility>

#include "backend/fork_driver.h"
#include "backend/spark_driver.h"

namespace podramp::backend {

Backend::Backend(Application application)
    : driver_(application.conf.compat == Compat::fork_2_2 ? make_fork_driver(std::move(application))
                                                          : make_spark_driver(std::move(application))) {}

}  // namespace podramp::backend
