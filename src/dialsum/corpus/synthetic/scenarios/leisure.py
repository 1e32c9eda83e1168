"""Scenarios about free time. Enters: nothing. Leaves: `LEISURE`; see `scenario` for the form.

A: '{book}'{을/를} 빌리고 싶어요.   ->   #Person1#: '푸른 바다의 노래'를 빌리고 싶어요.
"""

from __future__ import annotations

from dialsum.corpus.synthetic.scenario import write_scenario

LEISURE = (
    write_scenario(
        "library",
        "도서 대출 | 도서관 이용 | 책 빌리기",
        formal="""
        ?B: 안녕하세요. 무슨 책을 찾으세요? | 네, 도와드릴까요?
        A: '{book}'{이라는/라는} 책이 있나요? | '{book}'{을/를} 빌리고 싶어요. | '{book}'{을/를} 찾고 있는데 안 보여요.
        B: 누가 쓴 책인가요? | 지은이가 누구예요? | 작가를 아세요?
        A: {person}{이/가} 썼어요. | {person}의 책이에요. | {person} 작가의 책입니다.
        B: 잠시만요. {shelf}에 있습니다. | 찾았어요. {shelf}에 있네요. | 네, {shelf}에 가 보세요.
        A: 언제까지 반납해야 하나요? | 며칠까지 돌려드려야 하죠? | 얼마나 빌릴 수 있어요?
        B: {date}까지 돌려주시면 됩니다. | {date}까지예요. | 반납일은 {date}입니다.
        ?1 A: 늦으면 어떻게 되나요?
        ?1 B: 늦은 만큼 책을 빌릴 수 없어요. | 하루에 100원씩 내셔야 합니다.
        A: 네, 감사합니다. | 알겠습니다. | 네, 늦지 않게 올게요.
        """,
        summary="""
        {A}{은/는} {person}의 '{book}'{을/를} 빌린다. 책은 {shelf}에 있고 {date}까지 반납해야 한다.
        {B}{은/는} {A}에게 {person}{이/가} 쓴 '{book}'{이/가} {shelf}에 있다고 알려 주고 {date}까지 반납하라고 한다.
        {A}{은/는} 도서관에서 {person} 작가의 '{book}'{을/를} 찾는다. {B}{은/는} {shelf}에 있으며 반납일은 \
            {date}{이라고/라고} 말한다.
        """,
    ),
    write_scenario(
        "gym",
        "헬스장 등록 | 운동 상담 | 체육관 등록",
        formal="""
        ?B: 어서 오세요. 운동하러 오셨어요? | 안녕하세요. 등록하시려고요?
        A: {sport}{을/를} 배우고 싶어요. | {sport} 수업이 있나요? | {sport} 수업에 등록하려고 왔어요.
        B: 얼마 동안 다니실 건가요? | 몇 달이나 하실 생각이세요? | 좋습니다. 기간은 얼마로 하시겠어요?
        A: {period} 동안 할게요. | {period} 정도 생각해요. | {period}{으로/로} 등록하고 싶어요.
        B: 원래 {fee}인데 지금 {percent} 할인 중이에요. | {fee}{이지만/지만} {percent} 깎아 드릴게요. \
            | 요금은 {fee}입니다. 이번 주까지 {percent} 할인해 드려요.
        ?1 A: 사물함도 쓸 수 있나요? | 샤워실도 있어요?
        ?1 B: 네, 무료로 쓰실 수 있어요. | 그럼요.
        A: 좋네요. 그렇게 등록해 주세요. | 그럼 할게요. | 네, 카드로 결제할게요.
        ?B: 여기에 성함과 생년월일을 적어 주세요. | 내일부터 나오시면 됩니다.
        """,
        summary="""
        {A}{은/는} {sport} 수업에 {period} 동안 등록한다. 요금은 {fee}이며 {percent} 할인을 받는다.
        {B}{은/는} {A}에게 {period} 동안 하는 {sport} 수업의 요금 {fee}에서 {percent}{을/를} 할인해 준다.
        {A}{은/는} {sport}{을/를} 배우려고 {B}{과/와} 상담한다. {period}에 {fee}인 요금을 {percent} 할인받아 등록한다.
        """,
    ),
    write_scenario(
        "hair_salon",
        "미용실 예약 | 머리 손질 예약 | 미용실 방문",
        formal="""
        ?B: 안녕하세요, 미용실입니다. | 네, 예약하시겠어요?
        A: {hair} 예약을 하고 싶어요. | {hair}{을/를} 하려고 하는데요. | {hair} 되나요? 예약하려고요.
        B: 찾으시는 디자이너가 있으세요? | 원하시는 선생님이 있으신가요?
        A: {designer}{으로/로} 부탁해요. | {designer}에게 하고 싶어요. | 네, {designer}요.
        ?1 A: {day_busy}{은/는} 되나요?
        ?1 B: 그날은 쉬는 날이에요. | 그날은 예약이 다 찼습니다.
        B: {day} {time}에 시간이 됩니다. | {day} {time}{은/는} 어떠세요? | 그럼 {day} {time}에 오시겠어요?
        A: 네, 좋아요. 가격은 얼마예요? | 네, 그때 갈게요. 얼마인가요?
        B: {money}입니다. | {money}{이에요/예요}. | {money}부터 시작해요.
        A: 네, 알겠습니다. | 네, 그때 뵐게요. | 네, 감사합니다.
        """,
        summary="""
        {A}{은/는} {designer}에게 {hair}{을/를} 받으려고 {day} {time}{으로/로} 예약한다. 가격은 {money}이다.
        {B}{은/는} {A}의 {hair} 예약을 {day} {time}에 {designer}{으로/로} 잡고 가격이 {money}{이라고/라고} 한다.
        {A}{은/는} {B}에게 {hair} 예약을 부탁한다. {day} {time}에 {designer}{이/가} 맡고 {money}{이/가} 든다.
        """,
    ),
    write_scenario(
        "meetup",
        "주말 약속 | 친구와의 약속 | 주말 계획",
        casual="""
        ?B: 주말에 뭐 해? | 이번에 시간 좀 있어? | 심심하다. 우리 뭐 할까?
        A: 우리 {weekend}에 {activity} 어때? | {weekend}에 {activity} 하러 갈래? \
            | {activity} 하고 싶은데 {weekend}에 시간 돼?
        B: 좋아! 재미있겠다{ㅋ} 어디서 만나? | 나도 하고 싶었어. 어디서 볼까? | 오, 좋지! 만나는 곳은?
        A: {cafe} 앞에서 보자. | {cafe}에서 만나자. | {cafe} 알지? 거기서 봐.
        B: 몇 시? | 몇 시에 볼까? | 시간은?
        ?1 A: {dawn} 괜찮아?
        ?1 B: 너무 일러{ㅠ} 더 늦게 보자. | 그때는 일이 있어{ㅠ}
        A: {daytime} 어때? | {daytime}에 봐. | {daytime}{이면/면} 되겠지?
        B: 응, 그때 보자. | 알았어, 늦지 마{ㅋ} | 좋아, 그때 봐.
        +C: 나도 끼워 줘! 나는 {drink_guest}{을/를} 사 갈게. | 나도 갈래. {drink_guest}{은/는} 내가 살게.
        +A: 당연하지, 같이 가자! | 좋아, 셋이 가자.
        """,
        formal="""
        ?B: 주말에 약속 있으세요? | 이번 주말에 뭐 하세요?
        A: {weekend}에 같이 {activity} 어떠세요? | {weekend}에 시간 있으시면 {activity} 하러 가실래요? \
            | {activity}{을/를} 하려는데 {weekend}에 같이 가실래요?
        B: 좋아요. 어디서 만날까요? | 네, 재미있겠네요. 어디로 가면 되죠?
        A: {cafe} 앞에서 봐요. | {cafe}에서 만나요. | {cafe}{이/가} 찾기 쉬워요. 거기서 봐요.
        B: 시간은 언제가 좋으세요? | 몇 시에 만날까요?
        A: {daytime}{은/는} 어떠세요? | {daytime}에 봐요. | {daytime}{이/가} 좋겠어요.
        B: 네, 그때 봬요. | 좋아요. 기대할게요.
        +C: 저도 같이 가도 될까요? {drink_guest}{은/는} 제가 살게요. \
            | 저도 가고 싶어요. 제가 {drink_guest}{을/를} 사 갈게요.
        +A: 물론이죠. 함께 가요. | 네, 좋아요.
        """,
        summary="""
        {A}{과/와} {B}{은/는} {weekend} {daytime}에 {cafe}에서 만나 {activity}{을/를} 하기로 한다.
        {A}{은/는} {B}에게 {weekend}에 {activity}{을/를} 하자고 한다. 두 사람은 {daytime}에 {cafe}에서 만날 것이다.
        {A}의 제안으로 {B}{은/는} {weekend}에 {activity}{을/를} 하러 가며, {cafe}에서 {daytime}에 만나기로 한다.
        """,
        guest="""
        {C}도 {drink_guest}{을/를} 사서 함께 가기로 한다.
        {C}{은/는} {drink_guest}{을/를} 사 오기로 하고 함께 간다.
        {C}도 함께 가며 {drink_guest}{을/를} 사기로 한다.
        """,
    ),
    write_scenario(
        "birthday",
        "생일 선물 | 생일 파티 준비 | 생일 축하",
        casual="""
        ?B: 왜 그렇게 고민하고 있어? | 무슨 생각 해?
        A: 곧 {friend} 생일이잖아. 선물 뭐 사지? | {date}{이/가} {friend} 생일이야. 뭘 주면 좋을까? \
            | {friend} 생일 선물을 못 골랐어{ㅠ}
        B: {gift} 어때? | {gift}{을/를} 사자. | {gift}{이/가} 좋을 것 같아.
        A: 좋은데! 돈은 얼마나 필요할까? | 그거 좋다. 얼마쯤 쓸까? | 괜찮네. 예산은 얼마로 하지?
        B: {money} 정도면 되겠어. | {money}까지만 쓰자. | {money} 정도 어때?
        ?1 A: 조금 부담되는데{ㅠ}
        ?1 B: 일 년에 한 번이잖아{ㅋ}
        A: 그래. 파티는 어디서 할까? | 알았어. 밥은 어디서 먹지? | 좋아, 그럼 장소는?
        B: {restaurant}에서 하자. | {restaurant} 예약해 둘게. | {restaurant}{이/가} 분위기 좋아.
        +C: 그럼 {drink_guest}{은/는} 내가 준비할게. | 나는 {drink_guest}{을/를} 사 올게.
        +B: 좋다, 부탁해! | 고마워{ㅋ}
        A: 좋아, 그렇게 하자. | 정말 좋아하겠다{ㅋ} | 그래, 몰래 준비하자{ㅋ}
        """,
        summary="""
        {A}{과/와} {B}{은/는} {friend}의 생일 선물로 {money} 예산에 {gift}{을/를} 사고 {restaurant}에서 파티를 하기로 \
            한다.
        {B}{은/는} {A}에게 {friend}의 생일에 {gift}{을/를} 선물하자고 한다. 돈은 {money}{으로/로} 정하고 \
            {restaurant}에서 축하할 것이다.
        {A}{은/는} {friend}의 생일 선물을 고민한다. {B}{은/는} {money} 정도로 {gift}{을/를} 사고 {restaurant}에서 \
            모이자고 한다.
        """,
        guest="""
        {C}{은/는} {drink_guest}{을/를} 준비하기로 한다.
        {C}{이/가} {drink_guest}{을/를} 가져온다.
        {drink_guest}{은/는} {C}{이/가} 준비한다.
        """,
    ),
    write_scenario(
        "class_enrolment",
        "강좌 신청 | 수강 신청 | 강좌 문의",
        formal="""
        ?B: 문화 센터입니다. 무엇을 도와드릴까요? | 안녕하세요. 수강 신청하시겠어요?
        A: {course} 강좌를 듣고 싶은데요. | {course} 강좌를 신청하려고 합니다. | {course} 강좌에 자리가 있나요?
        B: 네, 아직 자리가 있습니다. | 네, 들으실 수 있어요. | 마침 한 자리가 남았어요.
        A: 누가 가르치나요? | 선생님은 누구세요? | 강사가 어떤 분이죠?
        B: {teacher}{이/가} 가르칩니다. | {teacher}{이/가} 맡고 계세요. | {teacher} 수업이에요.
        A: 언제 하나요? | 수업 시간은요? | 무슨 요일 몇 시에 해요?
        B: 매주 {weekday} {time}에 합니다. | {weekday} {time}{이에요/예요}. | {weekday}마다 {time}에 시작해요.
        ?1 A: 준비물이 있나요?
        ?1 B: 여기서 다 드려요. | 첫날 알려 드릴 거예요.
        A: 수강료는 얼마예요? | 좋네요. 얼마인가요?
        B: {fee}입니다. | {fee}{이에요/예요}.
        A: 네, 신청할게요. | 등록해 주세요.
        """,
        summary="""
        {A}{은/는} {teacher}{이/가} 가르치는 {course} 강좌를 신청한다. 수업은 {weekday} {time}이고 수강료는 {fee}이다.
        {B}{은/는} {A}에게 {course} 강좌는 {teacher}{이/가} {weekday} {time}에 가르치고 수강료는 {fee}{이라고/라고} \
            안내한다.
        {A}{은/는} {weekday} {time}에 하는 {teacher}의 {course} 강좌를 {fee}에 등록한다.
        """,
    ),
    write_scenario(
        "concert",
        "공연 예매 | 공연 관람 약속 | 표 예매",
        casual="""
        ?B: 표는 구했어? | 뭐 보고 있어?
        A: '{book}' 공연 보러 갈래? | 나 '{book}' 표를 구했어{ㅋ} | '{book}' 보러 가자. 표가 생겼어.
        B: 우아, 정말? 언제인데? | 진짜 보고 싶었는데! 언제야? | 좋아! 언제 하는데?
        A: {date} {evening}{이야/야}. | {date} {evening}에 시작해. | {date}, {evening} 공연이야.
        B: 나 그때 시간 돼. 어디서 해? | 괜찮아. 장소는 어디야?
        A: {theater}에서 해. | {theater}{이야/야}. | {theater} 알아? 거기야.
        ?1 B: 가까워서 좋다. | 가 본 적 있어.
        ?1 A: 응, 우리 집에서도 가까워. | 나는 처음이야{ㅋ}
        B: 자리는 어디야? | 좌석은 좋아?
        A: {seat}{이야/야}. | {seat}{이/가} 우리 자리야. | 응, {seat} 잡았어.
        B: 정말 기대된다{ㅋ} | 고마워! 저녁은 내가 살게. | 최고다{ㅋ} 그때 보자.
        """,
        summary="""
        {A}{과/와} {B}{은/는} {date} {evening}에 {theater}에서 하는 '{book}'{을/를} 보기로 한다. 자리는 {seat}이다.
        {A}{은/는} {B}에게 '{book}' 공연을 보자고 한다. 공연은 {date} {evening}에 {theater}에서 하고 좌석은 {seat}이다.
        {B}{은/는} {A}{이/가} 구한 {seat} 표로 {date} {evening}에 {theater}에서 '{book}'{을/를} 함께 보기로 한다.
        """,
    ),
)
