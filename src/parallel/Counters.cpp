#include "weir/parallel/Counters.hpp"

#include <atomic>

namespace weir {

namespace {

Phase* innermost = nullptr;
std::atomic<const char*> innermost_name{nullptr};

std::map<std::string, Phase::Record>& all_records() {
  static std::map<std::string, Phase::Record> records;
  return records;
}

template <class Combine>
void combine(Counters& a, const Counters& b, Combine with) {
  a.calls = with(a.calls, b.calls);
  a.bytes = with(a.bytes, b.bytes);
  a.pairs = with(a.pairs, b.pairs);
  a.flops = with(a.flops, b.flops);
  a.particle_steps = with(a.particle_steps, b.particle_steps);
  a.steps = with(a.steps, b.steps);
  a.gathers = with(a.gathers, b.gathers);
}
void add(Counters& a, const Counters& b) {
  combine(a, b, [](Index x, Index y) { return x + y; });
}
Counters difference(Counters a, const Counters& b) {
  combine(a, b, [](Index x, Index y) { return x - y; });
  return a;
}

}  // namespace

Counters& counters() {
  static Counters counted;
  return counted;
}

Phase::Phase(const char* name) : name_(name), outer_(innermost), before_(counters()) {
  innermost = this;
  innermost_name = name_;
  Kokkos::Profiling::pushRegion(std::string("Weir::") + name);
}

Phase::~Phase() {
  Kokkos::Profiling::popRegion();
  innermost = outer_;
  innermost_name = outer_ ? outer_->name_ : nullptr;
  const Real seconds = watch_.seconds();
  const Counters here = difference(counters(), before_);
  Record& record = all_records()[name_];
  record.seconds += seconds - seconds_inside_;
  ++record.times;
  add(record.counted, difference(here, inside_));
  if (!outer_) return;
  outer_->seconds_inside_ += seconds;
  add(outer_->inside_, here);
}

const char* Phase::current() {
  return innermost_name;
}

const std::map<std::string, Phase::Record>& Phase::records() {
  return all_records();
}
void Phase::forget() {
  all_records().clear();
  counters() = Counters();
}

}  // namespace weir
