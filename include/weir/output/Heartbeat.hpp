// A line every now and then while nothing else is said: the run is alive, and this is what it is doing.
#pragma once

#include <condition_variable>
#include <mutex>
#include <thread>

#include "weir/base/Types.hpp"

namespace weir {

/// Prints from a thread of its own for as long as it lives, which calls no library. Not collective.
class Heartbeat {
 public:
  /// `speaks`: whether this rank does.
  explicit Heartbeat(bool speaks, Real seconds = 15);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /// To be called by whoever prints: the next line is due so many seconds later.
  static void spoke();

 private:
  void beat();

  Real seconds_;
  bool over_ = false;
  std::mutex mutex_;
  std::condition_variable ends_;
  std::thread thread_;
};

}  // namespace weir
