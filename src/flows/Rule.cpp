#include "weir/flows/Rule.hpp"

#include "flows/LangevinRule.hpp"
#include "flows/MalaRule.hpp"
#include "flows/ParameterRule.hpp"
#include "flows/PreconditionedLangevinRule.hpp"
#include "flows/UnderdampedLangevinRule.hpp"

namespace weir {

namespace {

struct Make {
  const RuleSite& site;
  const std::string& where;

  using Made = std::unique_ptr<Rule>;
  Made operator()(const StillOptions&) const { return nullptr; }
  Made operator()(const LangevinOptions& rule) const { return std::make_unique<LangevinRule>(rule, site); }
  Made operator()(const PreconditionedLangevinOptions& rule) const {
    return std::make_unique<PreconditionedLangevinRule>(rule, site, where);
  }
  Made operator()(const UnderdampedLangevinOptions& rule) const {
    return std::make_unique<UnderdampedLangevinRule>(rule, site);
  }
  Made operator()(const MalaOptions& rule) const { return std::make_unique<MalaRule>(rule, site, where); }
  Made operator()(const ParameterRuleOptions& rule) const {
    return std::make_unique<ParameterRule>(rule, site);
  }
};

}  // namespace

std::unique_ptr<Rule> make_rule(const RuleSite& site, const std::string& where) {
  return std::visit(Make{site, where}, site.block.rule);
}

}  // namespace weir
