// Boost.Asio and Beast's errors for the files of this folder. Not for headers that others include.
#pragma once

// Before Asio: the coroutine header of Boost 1.74 forgets it (06 1.1).
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/error_code.hpp>
#include <utility>

namespace podramp::http {

namespace asio = boost::asio;
using boost::system::error_code;

}  // namespace podramp::http
