"""Association rules 关联规则: frequent itemsets over bitsets of transactions, rules among them, and how far they go beyond chance."""

from huaxiang.learn.rules.eclat import Itemsets, Level, TooManyItemsets, frequent_itemsets, least_count
from huaxiang.learn.rules.rules import Rules, Thresholds, association_rules
from huaxiang.learn.rules.significance import corrected, fisher_exact
from huaxiang.learn.rules.tagged import Items, Tagged, known_rules, rule_worth, tag_customers
from huaxiang.learn.rules.transactions import Transactions, count_together, pack, unpack

__all__ = [
    "Items", "Itemsets", "Level", "Rules", "Tagged", "Thresholds", "TooManyItemsets", "Transactions", "association_rules", "corrected",
    "count_together", "fisher_exact", "frequent_itemsets", "known_rules", "least_count", "pack", "rule_worth", "tag_customers", "unpack",
]  # fmt: skip
