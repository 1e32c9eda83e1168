"""Scenarios between friends. Enters: nothing. Leaves: `FRIENDS`; see `scenario` for the form.

A: 나 {company}에 합격했어{ㅋ}   ->   #Person2#: 나 한결전자에 합격했어 ㅋㅋ
"""

from __future__ import annotations

from dialsum.corpus.synthetic.scenario import write_scenario

FRIENDS = (
    write_scenario(
        "borrowing",
        "물건 빌리기 | 친구에게 빌리기 | 물건 부탁",
        casual="""
        ?B: 무슨 일로 전화했어? | 응, 말해 봐.
        A: 너 {product} 있지? 좀 빌려줘. | 혹시 {product} 좀 빌릴 수 있을까? | 부탁이 있는데, {product} 좀 빌려줄래?
        B: 있긴 한데 어디에 쓰려고? | 갑자기 왜? | 그게 왜 필요해?
        A: {event} 때문에 필요해. | {event} 때문에 그래. | 사실 {event} 때문에 급하게 필요해{ㅠ}
        B: 그렇구나. 언제 돌려줄 건데? | 알았어. 언제까지 쓸 거야? | 그래? 나도 써야 하는데 언제 줄 수 있어?
        A: {day}에 꼭 돌려줄게. | {day}까지만 쓸게. | {day}에 갖다줄게.
        ?1 B: 저번처럼 늦으면 안 돼{ㅋ}
        ?1 A: 걱정 마. 이번에는 약속 지킬게. | 알았어. 절대 안 늦을게{ㅋ}
        B: 좋아. 그럼 {time}에 {station}{으로/로} 와. | 그럼 {station}에서 {time}에 줄게. \
            | {time}에 {station} 앞에서 보자.
        A: 고마워. 금방 갈게! | 정말 고마워. 그때 봐. | 응, 고맙다!
        """,
        summary="""
        {A}{은/는} {event} 때문에 {B}에게 {product}{을/를} {day}까지 빌리기로 하고 {time}에 {station}에서 만난다.
        {B}{은/는} {event} 때문에 {product}{이/가} 필요한 {A}에게 {time}에 {station}에서 빌려주고 {day}에 돌려받기로 \
            한다.
        {A}{은/는} {B}에게 {product}{을/를} 빌려 달라고 한다. {event} 때문이며, {time}에 {station}에서 받아 {day}에 \
            돌려주기로 한다.
        """,
    ),
    write_scenario(
        "hired",
        "취업 소식 | 합격 소식 | 취업 축하",
        casual="""
        ?B: 기분 좋아 보인다. 무슨 일이야? | 무슨 좋은 일 있어?
        A: 나 {company}에 합격했어{ㅋ} | 드디어 취직했어! {company}에서 연락 왔어. | 있잖아, 나 {company}에 붙었어{ㅋ}
        B: 정말? 축하해! 무슨 일을 하게 됐어? | 우아, 잘됐다! 어떤 일이야? | 진짜 축하해! 맡은 일은 뭐야?
        A: {job} 일이야. | {job} 일을 하게 됐어. | {job} 자리야.
        ?1 B: 네가 하고 싶던 일이네.
        ?1 A: 맞아. 그래서 더 기뻐. | 응, 오래 준비했거든.
        B: 언제부터 출근해? | 첫 출근은 언제야? | 그럼 언제 시작해?
        A: {date}부터야. | {date}에 시작해. | {date}부터 나오래.
        B: 축하하는 뜻으로 {restaurant}에서 밥 살게. | 그럼 {restaurant}에서 한턱낼게. \
            | 오늘 {restaurant}에서 축하하자. 내가 살게.
        A: 정말 고마워! | 좋아, 신난다{ㅋ} | 역시 너밖에 없다{ㅋ}
        +C: 나도 소식 들었어. 선물로 {gift_guest}{을/를} 준비할게. | 축하해! 나는 {gift_guest}{을/를} 사 줄게.
        +A: 다들 정말 고마워. | 와, 고마워!
        """,
        summary="""
        {A}{은/는} {company}에 합격해 {date}부터 {job} 일을 한다. {B}{은/는} 축하하며 {restaurant}에서 밥을 사기로 한다.
        {B}{은/는} {A}{이/가} {company}의 {job} 자리에 취직해 {date}에 출근한다는 소식을 듣고 {restaurant}에서 축하해 \
            주기로 한다.
        {A}{은/는} {B}에게 {company} 합격 소식을 전한다. 맡은 일은 {job}이고 첫 출근은 {date}이며 {restaurant}에서 \
            함께 축하한다.
        """,
        guest="""
        {C}{은/는} {gift_guest}{을/를} 선물하기로 한다.
        {C}{이/가} {gift_guest}{을/를} 준비한다.
        {C}{은/는} 축하 선물로 {gift_guest}{을/를} 주기로 한다.
        """,
    ),
    write_scenario(
        "trip_plan",
        "여행 계획 | 해외여행 준비 | 휴가 여행 계획",
        casual="""
        ?B: 이번 휴가 때 뭐 해? | 요즘 왜 이렇게 들떠 있어?
        A: 나 {abroad}{으로/로} 여행 가려고. | 휴가 때 {abroad}에 가기로 했어{ㅋ} | {abroad} 여행을 준비하고 있어.
        B: 우아, 부럽다! 언제 가? | 좋겠다. 언제 떠나? | 정말? 출발이 언제야?
        A: {date}에 가서 {days} 있을 거야. | {date}부터 {days} 동안이야. | {date}에 출발해. {days} 일정이야.
        B: 어디서 자? | 숙소는 구했어? | 잘 곳은 정했어?
        A: {hotel}{을/를} 예약했어. | {hotel}에서 묵을 거야. | 응, {hotel}{으로/로} 잡았어.
        ?1 B: 거기 좋다던데. | 나도 거기 가 봤어.
        ?1 A: 그래? 잘 골랐네{ㅋ} | 다행이다{ㅋ}
        B: 돈은 얼마나 들어? | 비용은 얼마나 생각해? | 많이 비싸지 않아?
        A: {cost} 정도 들 것 같아. | 다 해서 {cost} 들어. | {cost} 안에서 쓰려고.
        B: 재미있게 놀다 와. | 조심해서 다녀와. | 사진 많이 찍어 와{ㅋ}
        """,
        summary="""
        {A}{은/는} {date}부터 {days} 동안 {abroad} 여행을 간다. {hotel}에서 묵고 비용은 {cost} 정도이다.
        {A}{은/는} {B}에게 {date}에 {abroad}{으로/로} 떠나 {hotel}에서 묵는 {days} 여행 계획을 말한다. 비용은 \
            {cost}이다.
        {B}{은/는} {A}의 {abroad} 여행 이야기를 듣는다. {A}{은/는} {date}부터 {days} 동안 {hotel}에 머물며 \
            {cost}{을/를} 쓸 예정이다.
        """,
    ),
    write_scenario(
        "blind_date",
        "소개팅 | 소개팅 약속 | 친구 소개",
        casual="""
        ?B: 왜 웃고 있어? | 할 말 있어?
        A: 너 소개팅할래? {friend}{이라고/라고} 좋은 사람이 있어. | 내 친구 {friend} 만나 볼래? \
            | 너한테 {friend}{을/를} 소개해 주고 싶어.
        B: 어떤 사람인데? | 그래? 무슨 일 하는 사람이야? | 정말? 뭐 하는 사람이야?
        A: {job} 일을 해. 성격도 좋아. | {job} 쪽에서 일해. 정말 착해. | {job} 일을 하고, 너랑 취미가 같아.
        ?1 B: 나랑 잘 맞을까? | 조금 떨리는데{ㅋ}
        ?1 A: 걱정 마. 이야기가 잘 통할 거야. | 만나 보면 알아{ㅋ}
        B: 좋아, 한번 만나 볼게. 언제 볼까? | 괜찮을 것 같네. 언제가 좋대? | 그래, 만나 볼게. 시간은?
        A: {weekend} {daytime} 어때? | {weekend} {daytime}에 시간이 된대. | {weekend} {daytime}{이면/면} 좋겠대.
        B: 나도 돼. 어디서 만나? | 응, 괜찮아. 장소는? | 알았어. 어디로 가면 돼?
        A: {cafe}{으로/로} 가. | {cafe}에서 만나. | {cafe}에서 기다린대.
        B: 고마워. 잘되면 밥 살게{ㅋ} | 알았어. 고마워! | 벌써 떨린다{ㅋ}
        """,
        summary="""
        {A}{은/는} {B}에게 {job} 일을 하는 {friend}{을/를} 소개한다. {B}{은/는} {weekend} {daytime}에 {cafe}에서 \
            만나기로 한다.
        {B}{은/는} {A}의 소개로 {weekend} {daytime}에 {cafe}에서 {job} 일을 하는 {friend}{을/를} 만나기로 한다.
        {A}{이/가} 소개한 {friend}{은/는} {job} 일을 하는 사람이다. {B}{은/는} {weekend} {daytime}에 {cafe}{으로/로} \
            가서 만날 것이다.
        """,
    ),
)
