// What is said where HDF5 crashes on a damaged file, as it does on some: the process ends as after other bad
// input, with code 2.
#pragma once

#include <csignal>
#include <string>

namespace weir {

/// While it lives, SIGSEGV, SIGBUS, SIGFPE and SIGABRT write that `file` is damaged, and end the process. Of
/// several the innermost counts. Only around calls of the library: errors of our own are to be seen.
class CrashMessage {
 public:
  explicit CrashMessage(const std::string& file);
  ~CrashMessage();
  CrashMessage(const CrashMessage&) = delete;
  CrashMessage& operator=(const CrashMessage&) = delete;

 private:
  static constexpr int caught_[] = {SIGSEGV, SIGBUS, SIGFPE, SIGABRT};
  struct sigaction before_[4];
  std::string outer_;
};

}  // namespace weir
