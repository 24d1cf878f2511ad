// A crash while a file is read ends the process as bad input does, and names the file.
#include "base/CrashMessage.hpp"

#include <gtest/gtest.h>

namespace weir {
namespace {

#ifndef WEIR_SANITIZE
TEST(CrashMessage, NamesTheInnermostFile) {
  const auto crash_in = [](bool inner_ended) {
    const CrashMessage outer("outer.h5");
    if (!inner_ended) {
      const CrashMessage inner("inner.h5");
      std::raise(SIGSEGV);
    }
    { const CrashMessage inner("inner.h5"); }
    std::raise(SIGFPE);
  };
  EXPECT_EXIT(crash_in(false), testing::ExitedWithCode(2), "weir: inner.h5: is damaged");
  EXPECT_EXIT(crash_in(true), testing::ExitedWithCode(2), "weir: outer.h5: is damaged");
}

TEST(CrashMessage, LeavesHandlersAsTheyWere) {
  struct sigaction before, after;
  sigaction(SIGSEGV, nullptr, &before);
  { const CrashMessage message("x.h5"); }
  sigaction(SIGSEGV, nullptr, &after);
  EXPECT_EQ(before.sa_handler, after.sa_handler);
}
#endif

}  // namespace
}  // namespace weir
