"""Addresses: divisions by official, short and former names, streets, and keys that equal addresses share."""

from __future__ import annotations

from collections.abc import Sequence

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from huaxiang.store.cleaning.addresses import PARTS, address_parts, tidy_addresses
from huaxiang.store.cleaning.regions import LEVELS, Region, gazetteer, short_names


def parts(addresses: Sequence[str | None], *wanted: str) -> list[tuple[str | None, ...]]:
    made = address_parts(tidy_addresses(pa.array(addresses, pa.string())), wanted)
    return list(zip(*(made[part].to_pylist() for part in wanted), strict=True))


@pytest.mark.parametrize(
    ("address", "province", "city", "district", "code", "street"),
    [
        ("广东省深圳市南山区科技园南路12号", "广东省", "深圳市", "南山区", "440305", "科技园南路12号"),
        ("深圳南山科技园", "广东省", "深圳市", "南山区", "440305", "科技园"),
        ("广东 深圳 南山区, 科技园", "广东省", "深圳市", "南山区", "440305", "科技园"),
        ("上海浦东新区世纪大道100号", "上海市", "上海市", "浦东新区", "310115", "世纪大道100号"),
        ("沪浦东新区张江路", "上海市", "上海市", "浦东新区", "310115", "张江路"),
        ("京", "北京市", "北京市", None, "110000", None),
        ("北京北京市朝阳区建国路88号", "北京市", "北京市", "朝阳区", "110105", "建国路88号"),
        ("徐汇区虹漕路461号", "上海市", "上海市", "徐汇区", "310104", "虹漕路461号"),
        ("浙江义乌小商品城", "浙江省", "金华市", "义乌市", "330782", "小商品城"),
        ("义乌小商品城", "浙江省", "金华市", "义乌市", "330782", "小商品城"),
        ("内蒙古锡林郭勒盟锡林浩特市", "内蒙古自治区", "锡林郭勒盟", "锡林浩特市", "152502", None),
        ("云南西双版纳景洪市勐罕镇", "云南省", "西双版纳傣族自治州", "景洪市", "532801", "勐罕镇"),
        ("西双版纳州勐海县", "云南省", "西双版纳傣族自治州", "勐海县", "532822", None),
        ("吉林省吉林市船营区", "吉林省", "吉林市", "船营区", "220204", None),
        ("吉林长春朝阳区", "吉林省", "长春市", "朝阳区", "220104", None),
        ("海南省省直辖县级行政区划定安县定城镇", "海南省", "定安县", None, "469021", "定城镇"),
        ("中国广东省东莞市长安镇", "广东省", "东莞市", None, "441900", "长安镇"),
        ("重庆市市辖区万州区", "重庆市", "重庆市", "万州区", "500101", None),
        ("重庆重庆市巫山县", "重庆市", "重庆市", "巫山县", "500237", None),
        ("河北区中山路", "天津市", "天津市", "河北区", "120105", "中山路"),
        ("香港特别行政区中西区", "香港特别行政区", "香港特别行政区", "中西区", "810101", None),
        ("收货地址:上海市徐汇区", "上海市", "上海市", "徐汇区", "310104", None),
        ("518000 深圳市南山区", "广东省", "深圳市", "南山区", "440305", None),
        # former names
        ("湖北省襄樊市樊城区", "湖北省", "襄阳市", "樊城区", "420606", None),
        ("江苏省昆山县", "江苏省", "苏州市", "昆山市", "320583", None),
        ("北京市崇文区", "北京市", "北京市", "崇文区", "110103", None),
        ("三明市梅列区", "福建省", "三明市", "梅列区", "350402", None),
        # not guessed
        ("朝阳区建国路88号", None, None, "朝阳区", None, "建国路88号"),
        ("北京路12号", None, None, None, None, "北京路12号"),
        ("南京东路300号", None, None, None, None, "南京东路300号"),
        ("上海南京东路300号", "上海市", "上海市", None, "310000", "南京东路300号"),
        ("深圳市宝安机场", "广东省", "深圳市", None, "440300", "宝安机场"),
        ("南京昆山市", "江苏省", "南京市", None, "320100", "昆山市"),
        ("12 Main Street", None, None, None, None, "12 Main Street"),
    ],
)
def test_divisions(
    address: str, province: str | None, city: str | None, district: str | None, code: str | None, street: str | None
) -> None:
    assert parts([address], *LEVELS, "code", "street") == [(province, city, district, code, street)]


def test_country() -> None:
    found = parts(["浙江杭州", "中国", "朝阳区", "1 Main St", None], "country", "street")
    assert found == [("中国", None), ("中国", None), ("中国", None), (None, "1 Main St"), (None, None)]


def names_of(region: Region) -> tuple[str, ...]:
    named = (region.province, region.city if region.level != "province" else None, region.district)
    return tuple(name for name in named if name)


def test_every_division_parses_to_itself() -> None:
    regions = gazetteer().regions
    for joined in ("", " ", ","):
        found = parts([joined.join(names_of(region)) for region in regions], *LEVELS, "street")
        for region, got in zip(regions, found, strict=True):
            assert got == (region.province, region.city, region.district, None), region


def test_every_division_parses_from_its_short_names() -> None:
    """All that have a short form, with the names above shortened too; a few short forms stand for a nearer division."""
    regions = [
        region for region in gazetteer().regions if region.level == "district" and region.city != region.province
    ]
    written = []
    for region in regions:
        shorts = [(short_names(name) or (name,))[-1] for name in names_of(region)]
        written.append("".join(shorts[:-1]) + str(region.district))
    found = parts(written, "code")
    wrong = [region for region, (code,) in zip(regions, found, strict=True) if code != region.code]
    assert len(wrong) <= len(regions) * 0.01, [r.district for r in wrong]


def test_every_province_city_and_district_is_known_by_code() -> None:
    found = gazetteer()
    assert len({r.code for r in found.regions if r.level == "province"}) == 34
    assert all(found.by_code[str(region.code)].code == region.code for region in found.regions)
    assert found.by_code["110105"].district == "朝阳区"


@pytest.mark.parametrize(
    "spellings",
    [
        ("建国路88号三号楼2单元501室", "建国路88号3幢2单元501", "建国路８８号 3-2-501", "建国路88号3#楼2单元501房"),
        ("中关村大街二十八号", "中关村大街28号", "中关村大街28"),
        ("虹漕路461弄58号502室", "虹漕路461弄58号502", "虹漕路461-58-502"),
        ("恒隆广场66楼6601室", "恒隆广场6601", "恒隆广场66层6601"),
        ("Main Street 12", "MAIN STREET, 12"),
    ],
)
def test_keys_of_one_place_are_equal(spellings: tuple[str, ...]) -> None:
    import unicodedata

    texts = [unicodedata.normalize("NFKC", f"北京市朝阳区{text}") for text in spellings]
    keys = {key for (key,) in parts(texts, "key")}
    assert len(keys) == 1
    assert {str(key)[:6] for key in keys} == {"110105"}


def test_keys_of_different_places_differ() -> None:
    texts = [
        "朝阳区建国路88号",
        "朝阳区建国路89号",
        "海淀区建国路88号",
        "朝阳区建国路88号2-501",
        "朝阳区建国路8号82-501",
    ]
    keys = [key for (key,) in parts([f"北京市{text}" for text in texts], "key")]
    assert len(set(keys)) == len(keys)
    assert parts(["北京市朝阳区"], "key") == [(None,)]  # a whole district is no address


@given(
    st.lists(
        st.one_of(
            st.none(), st.text(st.sampled_from("北京上海市朝阳区县路号12三十 -,#室abc中国内蒙古沪"), max_size=16)
        ),
        max_size=6,
    )
)
def test_any_text_gives_parts(addresses: list[str | None]) -> None:
    for address, found in zip(addresses, parts(addresses, *PARTS), strict=True):
        country, province, city, district, code, street, _ = found
        assert address is not None or set(found) == {None}
        assert country == "中国" or {province, city, district, code} == {None}
        assert street is None or (address is not None and street.replace(" ", "") in address.replace(" ", ""))
        assert code is None or gazetteer().by_code[code].province == province
