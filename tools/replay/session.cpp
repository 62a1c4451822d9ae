// SPDX-License-Identifier: MIT
#include "replay/session.hpp"

#include <fmt/format.h>

#include <array>
#include <stdexcept>

#include "replay/announcer.hpp"
#include "replay/market.hpp"

namespace hft::feed {
namespace {

constexpr SessionName kName{'H', 'F', 'T', '0', '0', '0', '0', '0', '0', '1'};
constexpr std::uint64_t kMeanPause = 20'000;  // ns
constexpr std::size_t kFewestOrders = 10;
constexpr std::size_t kMostOrders = 120;
// What happens, of a thousand; after the last, a trading action.
constexpr std::uint64_t kPerMille = 1000;
constexpr std::uint64_t kUpToAdd = 430;
constexpr std::uint64_t kUpToDelete = 780;
constexpr std::uint64_t kUpToReplace = 890;
constexpr std::uint64_t kUpToExecute = 950;
constexpr std::uint64_t kUpToCancel = 985;
constexpr std::uint64_t kUpToTrade = 995;
constexpr std::uint64_t kUpToCross = 997;
constexpr std::uint64_t kUpToBroken = 998;
constexpr std::array kOpening = {'O', 'S', 'Q'};  // system events
constexpr std::array kClosing = {'M', 'E', 'C'};

class Day {
 public:
  explicit Day(const SessionPlan& plan)
      : plan_(plan), random_(plan.seed), announcer_(kName, plan.packet_size) {
    for (unsigned i = 1; i <= plan.instruments; ++i) {
      markets_.emplace_back(static_cast<std::uint16_t>(i), random_);
    }
  }

  std::vector<net::Packet> run() {
    open();
    while (announcer_.said() < plan_.messages - kClosing.size()) {
      happen();
      announcer_.pause(random_.below(2 * kMeanPause));
      // A packet goes when it is full, or when nothing more came at once.
      if (random_.one_in(16)) {
        announcer_.flush();
      }
    }
    for (const char event : kClosing) {
      announcer_.event(event);
    }
    return announcer_.finish();
  }

 private:
  void open() {
    announcer_.event(kOpening[0]);
    for (const Market& market : markets_) {
      StockDirectory directory;
      directory.stock = market.stock();
      directory.market = 'Q';
      directory.financial_status = 'N';
      announcer_.say(directory, market.locate());
    }
    announcer_.event(kOpening[1]);
    announcer_.event(kOpening[2]);
  }

  void happen() {
    // Few stocks make most of the news.
    const std::uint64_t limit = 1 + random_.below(markets_.size());
    Market& market = markets_[random_.below(limit)];
    const std::size_t orders = market.orders().size();
    std::uint64_t what = random_.below(kPerMille);
    if (orders < kFewestOrders) {
      what = 0;
    } else if (orders > kMostOrders) {
      what = kUpToAdd;
    }
    const std::size_t any = orders == 0 ? 0 : random_.below(orders);
    if (what < kUpToAdd) {
      add(market);
    } else if (what < kUpToDelete) {
      remove(market, any);
    } else if (what < kUpToReplace) {
      replace(market, any);
    } else if (what < kUpToExecute) {
      execute(market);
    } else if (what < kUpToCancel) {
      cancel(market, any);
    } else {
      aside(market, what);
    }
  }

  void add(Market& market) {
    AttributedOrder order;
    order.side = random_.one_in(2) ? kBuy : kSell;
    order.reference = ++references_;
    order.shares = random_.lots();
    order.stock = market.stock();
    order.price = market.price(order.side, random_);
    market.orders().push_back({.reference = order.reference,
                               .side = order.side,
                               .shares = order.shares,
                               .price = order.price});
    if (random_.one_in(12)) {
      order.attribution = {'H', 'F', 'T', 'S'};
      announcer_.say(order, market.locate());
    } else {
      announcer_.say(static_cast<const AddOrder&>(order), market.locate());
    }
  }

  void remove(Market& market, std::size_t which) {
    Deleted deleted;
    deleted.reference = market.orders()[which].reference;
    market.remove(which);
    announcer_.say(deleted, market.locate());
  }

  void replace(Market& market, std::size_t which) {
    Market::Order order = market.orders()[which];
    Replaced replaced;
    replaced.original = order.reference;
    market.remove(which);
    replaced.reference = order.reference = ++references_;
    replaced.shares = order.shares = random_.lots();
    replaced.price = order.price = market.price(order.side, random_);
    market.orders().push_back(order);
    announcer_.say(replaced, market.locate());
  }

  void execute(Market& market) {
    const char side = random_.one_in(2) ? kBuy : kSell;
    const auto first = market.first_in_line(side);
    if (!first) {
      return;
    }
    Market::Order& order = market.orders()[*first];
    ExecutedAtPrice executed;
    executed.reference = order.reference;
    executed.shares = random_.part_of(order.shares);
    executed.match = ++matches_;
    executed.printable = 'Y';
    executed.price = order.price;
    market.reduce(*first, executed.shares);
    if (random_.one_in(10)) {
      announcer_.say(executed, market.locate());
    } else {
      announcer_.say(static_cast<const Executed&>(executed), market.locate());
    }
  }

  void cancel(Market& market, std::size_t which) {
    Cancelled cancelled;
    cancelled.reference = market.orders()[which].reference;
    cancelled.shares = random_.part_of(market.orders()[which].shares);
    market.reduce(which, cancelled.shares);
    announcer_.say(cancelled, market.locate());
  }

  // What changes no book.
  void aside(Market& market, std::uint64_t what) {
    if (what < kUpToTrade) {
      Trade trade;
      trade.side = kBuy;
      trade.shares = random_.lots();
      trade.stock = market.stock();
      trade.price = market.price(kBuy, random_);
      trade.match = ++matches_;
      announcer_.say(trade, market.locate());
    } else if (what < kUpToCross) {
      CrossTrade cross;
      cross.shares = random_.lots();
      cross.stock = market.stock();
      cross.price = market.price(kBuy, random_);
      cross.match = ++matches_;
      cross.cross = 'H';
      announcer_.say(cross, market.locate());
    } else if (what < kUpToBroken) {
      BrokenTrade broken;
      broken.match = matches_;
      announcer_.say(broken, market.locate());
    } else {
      announcer_.trading_action(market.locate(), market.stock());
    }
  }

  SessionPlan plan_;
  Random random_;
  Announcer announcer_;
  std::vector<Market> markets_;
  Reference references_ = 0;
  std::uint64_t matches_ = 0;
};

}  // namespace

std::uint64_t fewest_messages(std::uint16_t instruments) {
  return instruments + kOpening.size() + kClosing.size();
}

std::vector<net::Packet> make_session(const SessionPlan& plan) {
  constexpr std::size_t kSmallest =
      kMoldHeaderSize + kMoldLengthSize + kItchLongest;
  if (plan.instruments == 0) {
    throw std::invalid_argument("expected at least 1 instrument, found 0");
  }
  if (plan.messages < fewest_messages(plan.instruments)) {
    throw std::invalid_argument(fmt::format(
        "expected at least {} messages to open and close a day of {} "
        "instruments, found {}: raise --messages",
        fewest_messages(plan.instruments), plan.instruments, plan.messages));
  }
  if (plan.packet_size < kSmallest) {
    throw std::invalid_argument(
        fmt::format("expected packets of at least {} bytes, found {}",
                    kSmallest, plan.packet_size));
  }
  return Day(plan).run();
}

}  // namespace hft::feed
