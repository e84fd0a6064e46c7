"""Why a row is set aside, and how a value was repaired: stable codes with texts for people."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pyarrow as pa

#: code → (Chinese, English). The English text is the `reason` written to `rejected.parquet`.
REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        # whole rows
        "ragged_row": ("字段数与表头不一致", "the row has more or fewer fields than the header"),
        "bad_quotes": ("引号未闭合或位置有误", "a quote is not closed, or stands inside a value"),
        "too_long": ("单元格超出长度上限", "a cell is longer than the limit"),
        "encoding": ("含有该编码无法解读的字节", "bytes that are not valid in the file's encoding"),
        "nul_byte": ("含有 NUL 字符", "a NUL character"),
        "json_syntax": ("不是合法的 JSON", "not valid JSON"),
        "json_not_object": ("JSON 记录不是对象", "the JSON record is not an object"),
        "json_duplicate_key": ("JSON 对象中有重复的键", "a key stands twice in the JSON object"),
        "json_too_deep": ("JSON 嵌套过深", "the JSON is nested too deeply"),
        "excel_error": ("单元格是 Excel 错误值（如 #N/A）", "the cell holds an Excel error such as #N/A"),
        # one value
        "required": ("必填字段为空", "a required value is missing"),
        "phone": ("不是电话号码", "not a phone number"),
        "email": ("不是电子邮箱", "not an e-mail address"),
        "id_number": ("不是有效的身份证号", "not a valid ID number"),
        "date": ("不是日期", "not a date"),
        "date_ambiguous": ("日月顺序不明，请声明 format", "day and month can't be told apart; declare `format`"),
        "number": ("不是数字", "not a number"),
        "integer": ("不是整数", "not a whole number"),
        "out_of_range": ("数值超出可存储的范围", "the value is beyond what the type can hold"),
        "currency": ("币种与声明的不符", "another currency than the declared one"),
        "unit": ("计量单位无法换算", "a unit that can't be converted to the declared one"),
        "boolean": ("不是是/否值", "not a yes/no value"),
        "vocabulary": ("不在词表中", "not in the vocabulary; add a synonym, or `strict: false`"),
        "list": ("不是列表", "not a list"),
        "below_minimum": ("小于声明的最小值", "below the declared minimum"),
        "above_maximum": ("大于声明的最大值", "above the declared maximum"),
        "after_as_of": ("日期晚于统计日", "the date lies after the as-of date"),
        "too_early": ("日期早于声明的最早日期", "the date lies before the declared earliest one"),
        # records of event formats
        "record_kind": ("未知的记录类型", "a record of a kind that the format does not know"),
        "record_event": ("缺少事件名", "the record names no event"),
        "record_time": ("缺少时间或时间无法解读", "the record has no time, or one that can't be read"),
        "record_owner": ("没有任何用户或设备标识", "the record names no user and no device"),
        "record_packed": (
            "打包数据（data / data_list）无法解开",
            "packed data (data, data_list) that can't be unpacked",
        ),
        "duplicate": ("重复发送的记录，此前已载入", "the same record was delivered before"),
        # answers of forms
        "answer_option": ("不是该题的选项", "not an option of the question"),
        "answer_scale": ("不是该题量表的分值", "not a point of the question's scale"),
        "answer_several": ("单选题选了多项", "several answers to a question that takes one"),
        "answer_too_many": ("所选项数超过上限", "more options chosen than the question allows"),
        "answer_conflict": ("互斥的选项同时被选", "options chosen together that exclude each other"),
        "question_unknown": ("码本中没有这道题", "the codebook has no such question"),
        "not_a_form": ("工作表不是该访谈表", "the sheet is not a sheet of this form"),
    }
)
FAULTS: tuple[str, ...] = ("", *REASONS)
FAULT: Mapping[str, int] = MappingProxyType({code: i for i, code in enumerate(FAULTS)})

#: How a value was repaired (kind → Chinese, English).
REPAIRS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "space": ("去除多余空白", "surrounding space removed"),
        "characters": ("全角转半角", "full-width or compatibility characters made plain"),
        "format": ("统一写法", "brought to the standard form"),
        "excel_serial": ("Excel 日期序号转日期", "Excel serial number read as a date"),
        "unix_time": ("Unix 时间戳转日期", "Unix time read as a date"),
        "timezone": ("换算到项目时区", "moved to the project's time zone"),
        "time_dropped": ("去除时间部分", "time of day dropped"),
        "unit": ("去除单位或货币符号", "unit or currency sign read"),
        "rounded": ("按四位小数四舍五入", "rounded half up to four decimals"),
        "synonym": ("同义词归一", "synonym replaced by the standard word"),
        "honorific": ("去除称谓", "honorific removed"),
        "id_upgraded": ("15 位身份证号升为 18 位", "15-digit ID number upgraded to 18 digits"),
        "converted": ("换算计量单位", "converted to the declared unit"),
        "exchanged": ("换算为项目币种", "converted to the project's currency"),
        "emptied": ("无效值置空", "invalid value emptied"),
        "default": ("填入声明的默认值", "declared default filled in"),
    }
)
KINDS: tuple[str, ...] = ("", *REPAIRS)
KIND: Mapping[str, int] = MappingProxyType({kind: i for i, kind in enumerate(KINDS)})

#: Repairs that change what a value says: the raw value is kept in table `repairs`. The others lose nothing and are only counted.
KEPT_RAW: frozenset[str] = frozenset(
    {"rounded", "honorific", "id_upgraded", "converted", "exchanged", "emptied", "default"}
)

Codes = npt.NDArray[np.int8]


@dataclass(frozen=True)
class Cleaned:
    """A cleaned column: typed values (NULL = missing or at fault), and per value a fault and a repair (0 = none).

    `derived`: the columns taken out of the values, in the order of the rule.
    """

    values: pa.Array
    faults: Codes
    kinds: Codes
    derived: tuple[pa.Array, ...] = ()


def clean(values: pa.Array, derived: tuple[pa.Array, ...] = ()) -> Cleaned:
    """A column that needed nothing."""
    return Cleaned(values, np.zeros(len(values), np.int8), np.zeros(len(values), np.int8), derived)
