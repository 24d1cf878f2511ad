#include "base/CrashMessage.hpp"

#include <unistd.h>

#include <cstring>

#include "weir/base/Error.hpp"

namespace weir {

namespace {

constexpr int bad_input = 2;
char text[2048];  // a handler may not allocate

extern "C" void say_and_leave(int) {
  const auto written = write(STDERR_FILENO, text, std::strlen(text));
  _exit(written < 0 ? 1 : bad_input);
}

void set_text(const std::string& message) {
  std::strncpy(text, message.c_str(), sizeof text - 1);
}

}  // namespace

CrashMessage::CrashMessage(const std::string& file) : outer_(text) {
  set_text(fmt::format("weir: {}: is damaged in a way that HDF5 does not survive; write it again\n", file));
  struct sigaction action = {};
  action.sa_handler = say_and_leave;
  sigemptyset(&action.sa_mask);
#ifdef WEIR_SANITIZE  // which says where it was
  for (int s = 0; s < 4; ++s) sigaction(caught_[s], nullptr, &before_[s]);
#else
  for (int s = 0; s < 4; ++s) sigaction(caught_[s], &action, &before_[s]);
#endif
}

CrashMessage::~CrashMessage() {
  set_text(outer_);
  for (int s = 0; s < 4; ++s) sigaction(caught_[s], &before_[s], nullptr);
}

}  // namespace weir
