// Finds, on a host, where host code touches Views while a kernel of a device might still use them: the memory
// of Views is out of bounds from a launch until the next fence, copy or reduction, and who touches it is
// written down and let through.
//
// Both a Kokkos tool and a library to preload (fences.sh does both). Works with a shared Kokkos of the back
// end Serial, whose functions for memory and fences it takes the place of.
#include <execinfo.h>
#include <signal.h>
#include <sys/mman.h>
#include <unistd.h>

#include <Kokkos_Core.hpp>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

namespace {

constexpr std::size_t arena_size = std::size_t(16) << 30, page = 4096;  // address space, not memory
char* arena = nullptr;
std::size_t used = 0;
bool closed = false;
std::map<void*, std::size_t> sizes;
std::multimap<std::size_t, void*> unused;
std::string last_kernel;
std::set<std::uintptr_t> seen;
FILE* report = nullptr;
struct sigaction default_action;

void close_views(bool close) {
  if (close == closed || !arena) return;
  mprotect(arena, used, close ? PROT_NONE : PROT_READ | PROT_WRITE);
  closed = close;
}

void on_fault(int, siginfo_t* info, void*) {
  const char* at = static_cast<char*>(info->si_addr);
  if (!closed || at < arena || at >= arena + used) {
    sigaction(SIGSEGV, &default_action, nullptr);  // not ours: comes again and ends the program
    return;
  }
  close_views(false);
  void* frames[24];
  const int count = backtrace(frames, 24);
  std::uintptr_t place = 0;
  for (int i = 2; i < count && i < 8; ++i) place = place * 31 + std::uintptr_t(frames[i]);
  if (!seen.insert(place).second) return;
  std::fprintf(report, "touched after %s\n", last_kernel.c_str());
  std::fflush(report);
  backtrace_symbols_fd(frames + 2, count - 2, fileno(report));
}

void start() {
  if (arena) return;
  arena = static_cast<char*>(
      mmap(nullptr, arena_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  const char* path = std::getenv("WEIR_FENCE_REPORT");
  report = path ? std::fopen((std::string(path) + "." + std::to_string(getpid())).c_str(), "w") : stderr;
  void* frames[2];
  backtrace(frames, 2);  // loads what it needs before a fault does
  struct sigaction action {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_NODEFER;
  sigaction(SIGSEGV, &action, &default_action);
}

}  // namespace

namespace Kokkos {

void fence() {
  close_views(false);
}
void* HostSpace::impl_allocate(const char*, const size_t size, const size_t, const Tools::SpaceHandle) const {
  start();
  close_views(false);
  const std::size_t whole = (size + 2 * page - 1) / page * page;
  const auto found = unused.lower_bound(whole);
  if (found != unused.end() && found->first <= 2 * whole) {
    void* const block = found->second;
    sizes[block] = found->first;
    unused.erase(found);
    return block;
  }
  void* const block = arena + used;
  if ((used += whole) > arena_size) std::abort();
  sizes[block] = whole;
  return block;
}
void HostSpace::impl_deallocate(const char*, void* const block, const size_t, const size_t,
                                const Tools::SpaceHandle) const {
  if (!block) return;
  close_views(false);
  unused.emplace(sizes[block], block);
}

}  // namespace Kokkos

extern "C" {
void kokkosp_init_library(const int, const uint64_t, const uint32_t, void*) {
  start();
}
void kokkosp_begin_parallel_for(const char* name, const uint32_t, uint64_t*) {
  close_views(false);
  last_kernel = name;
}
void kokkosp_end_parallel_for(const uint64_t) {
  close_views(last_kernel.rfind("Kokkos::", 0) != 0);  // its own fills and copies fence
}
void kokkosp_begin_parallel_reduce(const char*, const uint32_t, uint64_t*) {
  close_views(false);
}
void kokkosp_begin_parallel_scan(const char*, const uint32_t, uint64_t*) {
  close_views(false);
}
void kokkosp_begin_deep_copy(Kokkos::Tools::SpaceHandle, const char*, const void*, Kokkos::Tools::SpaceHandle,
                             const char*, const void*, uint64_t) {
  close_views(false);
}
}
