#include "transport/stream_scribe.hpp"

#include <caf/io/network/interfaces.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <atomic>

namespace cohort::transport {

namespace {

constexpr int full_reads_per_event = 4; ///< fairness between connections

/// An output buffer that was larger is freed once it is empty.
constexpr std::size_t kept_buffer_bytes = std::size_t{64} << 10;

/// Above any descriptor, so that CAF's own scribes can live beside ours.
caf::io::connection_handle next_handle() {
  static std::atomic<std::int64_t> next{std::int64_t{1} << 32};
  return caf::io::connection_handle::from_int(next++);
}

std::pair<char*, std::size_t> scratch(std::size_t size) {
  static thread_local std::vector<char> buffer;
  if (buffer.size() < size)
    buffer.resize(size);
  return {buffer.data(), size};
}

} // namespace

stream_scribe::stream_scribe(default_multiplexer& loop, native_socket socket,
                             std::unique_ptr<byte_stream> stream,
                             const limits& bounds)
  : scribe(next_handle()),
    event_handler(loop, socket),
    stream_(std::move(stream)),
    limits_(bounds) {}

// -- called by the broker -----------------------------------------------------

void stream_scribe::configure_read(caf::io::receive_policy::config) {
  if (!launched_) {
    launched_ = true;
    add_to_loop();
  }
}

void stream_scribe::ack_writes(bool) {
  // Nobody here asks for write receipts.
}

std::vector<char>& stream_scribe::wr_buf() {
  return out_;
}

std::vector<char>& stream_scribe::rd_buf() {
  return in_;
}

std::string stream_scribe::addr() const {
  const auto result = caf::io::network::remote_addr_of_fd(fd());
  return result ? *result : std::string{};
}

std::uint16_t stream_scribe::port() const {
  const auto result = caf::io::network::remote_port_of_fd(fd());
  return result ? *result : std::uint16_t{0};
}

void stream_scribe::flush() {
  if (out_.empty() || broken_)
    return;
  if (!waiting_to_write_)
    write_out();
  else if (unsent_bytes() > limits_.output_bytes_max)
    abort(); // it takes nothing, and more and more piles up (T1)
}

void stream_scribe::graceful_shutdown() {
  const caf::intrusive_ptr<stream_scribe> guard{this};
  if (!state_.shutting_down) {
    state_.shutting_down = true;
    if (!waiting_to_write_)
      stream_->finish(fd());
  }
  detach(&backend(), false);
}

void stream_scribe::abort() {
  broken_ = true;
  ::shutdown(fd(), SHUT_RDWR); // the loop sees it and reports (rule 5)
  wait_until_writable();
}

// -- called by CAF ------------------------------------------------------------

void stream_scribe::add_to_loop() {
  reading_ = true;
  if (!while_reading_)
    while_reading_.reset(this);
  activate();
}

void stream_scribe::remove_from_loop() {
  reading_ = false;
  const caf::intrusive_ptr<stream_scribe> guard{this};
  passivate();
  if ((eventbf() & caf::io::network::input_mask) == 0)
    while_reading_.reset(); // rule 2
}

void stream_scribe::handle_event(operation op) {
  const caf::intrusive_ptr<stream_scribe> guard{this};
  if (broken_ || op == operation::propagate_error)
    return fail(op);
  if (op == operation::write)
    return write_out();
  for (int i = 0; reading_ && i < full_reads_per_event; ++i) {
    const auto [data, capacity] = read_target();
    const auto read = stream_->read(fd(), data, capacity);
    if (read.status == io_status::again)
      return;
    if (read.status != io_status::ok)
      return fail(op);
    if (!on_data(data, read.count))
      return remove_from_loop();
    if (read.count < capacity)
      return;
  }
}

void stream_scribe::removed_from_loop(operation op) {
  auto& reference = op == operation::read ? while_reading_ : while_writing_;
  const auto last = std::move(reference); // may be the last one
}

// -- bytes --------------------------------------------------------------------

std::pair<char*, std::size_t> stream_scribe::read_target() {
  return scratch(limits_.read_bytes_max);
}

bool stream_scribe::on_data(const char* data, std::size_t size) {
  in_.assign(data, data + size); // consume() lends this vector to the broker
  return consume(&backend(), in_.data(), size);
}

bool stream_scribe::take_next_buffer() {
  writing_.clear();
  written_ = 0;
  if (writing_.capacity() > kept_buffer_bytes)
    std::vector<char>{}.swap(writing_);
  if (out_.empty())
    refill();
  writing_.swap(out_);
  return !writing_.empty();
}

/// Tells nobody about errors (rule 5).
void stream_scribe::write_out() {
  while (written_ < writing_.size() || take_next_buffer()) {
    const auto wrote = stream_->write(fd(), writing_.data() + written_,
                                      writing_.size() - written_);
    if (wrote.status == io_status::failed) {
      broken_ = true;
      return wait_until_writable();
    }
    written_ += wrote.count;
    if (written_ < writing_.size()) {
      if (unsent_bytes() > limits_.output_bytes_max)
        return abort();
      return wait_until_writable();
    }
  }
  stop_waiting();
}

void stream_scribe::wait_until_writable() {
  if (waiting_to_write_)
    return;
  waiting_to_write_ = true;
  if (!while_writing_)
    while_writing_.reset(this);
  backend().add(operation::write, fd(), this);
}

void stream_scribe::stop_waiting() {
  if (!waiting_to_write_)
    return;
  const caf::intrusive_ptr<stream_scribe> guard{this};
  waiting_to_write_ = false;
  backend().del(operation::write, fd(), this);
  if ((eventbf() & caf::io::network::output_mask) == 0)
    while_writing_.reset(); // rule 2
  if (state_.shutting_down)
    stream_->finish(fd());
}

void stream_scribe::fail(operation op) {
  reading_ = false;
  broken_ = true;
  io_failure(&backend(), op); // detaches, and tells the broker
  waiting_to_write_ = false;
  backend().del(operation::write, fd(), this);
  if ((eventbf() & caf::io::network::output_mask) == 0)
    while_writing_.reset();
}

} // namespace cohort::transport
