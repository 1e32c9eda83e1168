"""Scenarios about home, family and neighbours. Enters: nothing. Leaves: `HOME`; see `scenario` for the form.

A: {device}{이/가} 고장 났어요.   ->   #Person1#: 거실 에어컨이 고장 났어요.
"""

from __future__ import annotations

from dialsum.corpus.synthetic.scenario import write_scenario

HOME = (
    write_scenario(
        "repair",
        "가전제품 수리 | 수리 접수 | 고장 수리 신청",
        formal="""
        ?B: 수리 센터입니다. 무엇을 도와드릴까요? | 안녕하세요. 고객 센터입니다.
        A: {device}{이/가} 고장 났어요. | {device}{이/가} 이상해서 전화했어요. | {device} 수리를 받고 싶어요.
        B: 어떤 문제가 있나요? | 증상을 말씀해 주시겠어요? | 어디가 이상한가요?
        A: {fault}{이/가} 있어요. | {fault} 때문에 쓸 수가 없어요. | {fault} 문제예요.
        B: {day} {time}에 기사님을 보내 드려도 될까요? | 기사가 {day} {time}에 갈 수 있습니다. \
            | {day} {time}에 방문해도 될까요?
        A: 네, 그때 집에 있어요. | 네, 괜찮아요. | 좋습니다. 그때 와 주세요.
        ?1 B: 주소를 알려 주세요.
        ?1 A: #Address#입니다.
        A: 비용은 얼마나 들까요? | 수리비가 얼마예요? | 돈은 얼마나 내야 하죠?
        B: {money} 정도 나옵니다. | 보통 {money}쯤 듭니다. | {money}{이에요/예요}. 부품값은 따로입니다.
        """,
        summary="""
        {A}{은/는} {fault} 때문에 {device} 수리를 신청한다. {B}{은/는} {day} {time}에 기사가 방문하고 비용은 \
            {money}{이라고/라고} 한다.
        {B}{은/는} {A}의 {device}에 {fault}{이/가} 있다는 말을 듣고 {day} {time}에 기사를 보내기로 한다. 수리비는 \
            {money}이다.
        {A}의 {device}에 {fault}{이/가} 있어 {B}{은/는} {day} {time} 방문을 약속하고, 비용이 {money}{이라고/라고} 알려 \
            준다.
        """,
    ),
    write_scenario(
        "moving",
        "이사 상담 | 이사 견적 | 포장 이사 예약",
        formal="""
        ?B: 이삿짐센터입니다. | 안녕하세요. 이사 문의이신가요?
        A: 이사 비용을 알고 싶어요. | 이사를 예약하려고 합니다. | 포장 이사를 알아보고 있어요.
        B: 어디에서 어디로 가시나요? | 출발하는 곳과 도착하는 곳을 말씀해 주세요.
        A: {district_from}에서 {district_to}{으로/로} 가요. | {district_from}에 사는데 {district_to}{으로/로} 옮겨요. \
            | {district_from}에서 출발해서 {district_to}까지예요.
        B: 날짜는 언제인가요? | 언제 이사하세요?
        A: {date}{이에요/예요}. | {date}에 하려고요. | {date}{으로/로} 생각하고 있어요.
        ?1 B: 짐이 많으신가요?
        ?1 A: 아니요, 침대와 책상 정도예요. | 네, 책이 좀 많아요.
        B: 그럼 {cost} 정도 들겠네요. | {cost}에 해 드릴 수 있습니다. | 모두 합해서 {cost}입니다.
        +C: 여보, {product_guest}{은/는} 조심해야 한다고 말해 줘요. \
            | 저기요, {product_guest}{은/는} 특별히 조심해 주세요.
        +B: 네, {product_guest}{은/는} 따로 포장하겠습니다. | 걱정 마세요. {product_guest}{은/는} 잘 싸 드릴게요.
        A: 네, 그렇게 예약해 주세요. | 좋습니다. 부탁드려요.
        """,
        summary="""
        {A}{은/는} {date}에 {district_from}에서 {district_to}{으로/로} 가는 이사를 {cost}에 예약한다.
        {B}{은/는} {district_from}에서 {district_to}{으로/로} {date}에 이사하는 {A}에게 비용이 {cost}{이라고/라고} \
            알려 준다.
        {A}{은/는} {B}에게 이사를 맡긴다. {date}에 {district_from}에서 {district_to}{으로/로} 가며 비용은 {cost}이다.
        """,
        guest="""
        {C}{은/는} {product_guest}{을/를} 조심해 달라고 부탁한다.
        {C}{이/가} {product_guest}{을/를} 걱정하자 {B}{은/는} 따로 포장하겠다고 한다.
        {B}{은/는} {C}{이/가} 걱정하는 {product_guest}{을/를} 따로 포장하기로 한다.
        """,
    ),
    write_scenario(
        "noise_complaint",
        "층간 소음 | 이웃 소음 | 소음 문제",
        formal="""
        ?B: 누구세요? | 네, 무슨 일이세요?
        A: 안녕하세요. {room}에 사는 사람인데요. | 실례합니다. {room}에서 왔어요. \
            | 저는 {room}에 살아요. 잠깐 이야기할 수 있을까요?
        ?B: 아, 네. 안녕하세요. | 네, 말씀하세요.
        A: {noise} 때문에 잠을 못 자요. | {noise} 때문에 너무 힘들어서요. | 요즘 {noise}{이/가} 너무 커요.
        B: 정말 죄송합니다. 전혀 몰랐어요. | 그렇게 크게 들리는 줄 몰랐어요. 죄송해요. \
            | 죄송합니다. 미처 생각을 못 했네요.
        A: {night} 이후에는 조용히 해 주시겠어요? | {night}부터는 조심해 주세요. \
            | {night}{이/가} 넘으면 조금만 조심해 주세요.
        B: 네, 조심하고 {remedy}{을/를} 하겠습니다. | 알겠습니다. 앞으로 {remedy}{을/를} 할게요. \
            | 그럴게요. 그리고 {remedy}도 하겠습니다.
        A: 이해해 주셔서 고맙습니다. | 네, 부탁드릴게요. | 감사합니다. 안녕히 계세요.
        """,
        summary="""
        {room}에 사는 {A}{은/는} {noise} 때문에 {B}에게 {night} 이후에는 조용히 해 달라고 한다. {B}{은/는} \
            {remedy}{을/를} 약속한다.
        {A}{은/는} {room}에서 와서 {noise} 문제를 이야기한다. {B}{은/는} 사과하며 {night}부터 조심하고 {remedy}{을/를} \
            하기로 한다.
        {B}{은/는} {noise} 때문에 찾아온 {room}의 {A}에게 사과하고, {night}부터는 조용히 하며 {remedy}{을/를} 하겠다고 \
            한다.
        """,
    ),
    write_scenario(
        "house_viewing",
        "집 구하기 | 부동산 상담 | 집 보러 가기",
        formal="""
        ?B: 어서 오세요. 집을 찾으세요? | 안녕하세요, 부동산입니다.
        A: 월세로 살 집을 구하고 있어요. | 집을 좀 보려고 하는데요. | 혼자 살 집을 찾고 있습니다.
        B: 어느 동네를 생각하세요? | 원하시는 위치가 있으세요?
        A: {station} 근처면 좋겠어요. | {station}에서 가까운 곳이요. | {station} 쪽을 보고 있어요.
        B: {area}짜리 집이 하나 있어요. 월세는 {rent}입니다. \
            | 마침 {area} 되는 집이 나왔어요. 한 달에 {rent}{이에요/예요}. | 월세 {rent}에 {area}짜리가 있습니다.
        A: 괜찮네요. 볼 수 있을까요? | 좋은데요. 언제 보러 갈 수 있죠? | 마음에 드네요. 집을 보고 싶어요.
        ?1 A: {day_busy}에는 시간이 안 돼요.
        ?1 B: 네, 그날은 피하겠습니다.
        B: {day} {time}에 같이 가시죠. | {day} {time} 어떠세요? | 그럼 {day} {time}에 오세요.
        +C: 보증금은 얼마나 되나요? | 저도 궁금한데, 보증금은 얼마예요?
        +B: 보증금은 {cost_guest}입니다. | {cost_guest}{이에요/예요}. 조금 깎을 수도 있어요.
        A: 네, 그때 오겠습니다. | 좋아요. 그때 봬요. | 네, 그렇게 할게요.
        """,
        summary="""
        {A}{은/는} {station} 근처의 집을 찾는다. {B}{은/는} 월세 {rent}에 {area}짜리 집을 소개하고 {day} {time}에 보여 \
            주기로 한다.
        {B}{은/는} {A}에게 {station} 근처에 있는 {area}, 월세 {rent}짜리 집을 권하고 {day} {time}에 함께 보러 가자고 \
            한다.
        {A}{과/와} {B}{은/는} {day} {time}에 {station}에서 가까운 {area} 집을 보기로 한다. 월세는 {rent}이다.
        """,
        guest="""
        {C}{이/가} 보증금을 묻자 {B}{은/는} {cost_guest}{이라고/라고} 답한다.
        {B}{은/는} {C}에게 보증금이 {cost_guest}{이라고/라고} 말한다.
        보증금은 {C}{이/가} 물어본 대로 {cost_guest}이다.
        """,
    ),
    write_scenario(
        "family_plan",
        "가족 여행 계획 | 가족 나들이 | 주말 가족 계획",
        casual="""
        ?B: 여보, 아직 안 자? | 무슨 생각 해?
        A: {weekend}에 다 같이 {park}에 갈까? | 우리 {weekend}에 {park}에 놀러 가자. \
            | {weekend}에 아이들 데리고 {park}에 가면 어때?
        B: 좋지. 몇 시에 나갈까? | 그래, 오랜만에 바람 좀 쐬자. 언제 출발해? | 좋은 생각이야. 몇 시에 떠나?
        A: {morning}에 나가자. | {morning}쯤 출발하면 되겠어. | {morning} 어때?
        ?1 B: 점심은 어떻게 해?
        ?1 A: 가서 먹자. 도시락을 싸면 되지. | 밖에서 사 먹으면 비싸니까 싸 가자.
        B: 그럼 내가 {lunch}{을/를} 만들게. | {lunch}{은/는} 내가 준비할게. | 내가 {lunch}{을/를} 싸 갈게.
        +C: 엄마, {product_guest}도 가져가도 돼요? | 아빠, 저는 {product_guest}{을/를} 챙길래요!
        +A: 그래, {product_guest}{은/는} 네가 챙겨라. | 좋아, 잊지 말고 {product_guest}{을/를} 챙겨.
        A: 좋아. 아이들이 정말 좋아하겠다{ㅋ} | 고마워. 벌써 기대된다{ㅋ} | 그래, 그렇게 하자.
        """,
        summary="""
        {A}{과/와} {B}{은/는} {weekend} {morning}에 {park}{으로/로} 가족 나들이를 가기로 하고, {B}{은/는} \
            {lunch}{을/를} 준비한다.
        {A}{은/는} {weekend}에 가족과 {park}에 가자고 한다. {morning}에 출발하며 {B}{은/는} {lunch}{을/를} 만들기로 \
            한다.
        {A}의 제안으로 가족은 {weekend} {morning}에 {park}에 가고, {B}{은/는} {lunch}{을/를} 싸 가기로 한다.
        """,
        guest="""
        {C}{은/는} {product_guest}{을/를} 챙기기로 한다.
        {C}{은/는} {product_guest}{을/를} 가져가고 싶어 한다.
        {product_guest}{은/는} {C}{이/가} 챙긴다.
        """,
    ),
    write_scenario(
        "pet_sitting",
        "반려동물 부탁 | 강아지 돌보기 | 고양이 돌보기",
        casual="""
        ?B: 무슨 일이야? 급해 보이네. | 응, 왜?
        A: 나 {reason} 때문에 집을 비워야 해{ㅠ} | 부탁이 있어. {reason} 때문에 집에 없을 거야. \
            | {reason} 때문에 멀리 가게 됐어.
        B: 그래? 내가 뭘 도와줄까? | 저런, 뭐 도와줄 일 있어? | 그렇구나. 언제 오는데?
        A: {days} 동안 {pet} 좀 봐 줄래? | {pet}{을/를} {days} 동안 맡아 줄 수 있어? \
            | 우리 {pet}{을/를} {days}만 부탁해도 될까?
        B: 물론이지. 밥은 얼마나 줘? | 그래, 데려와. 밥은 어떻게 줘? | 좋아! 나도 {pet} 보고 싶었어. 밥은 언제 줘?
        A: {meal} 주면 돼. | {meal} 주면 충분해. | 사료를 {meal} 줘.
        ?1 B: 산책도 시켜야 해?
        ?1 A: 날씨 좋으면 한 번만 나가 줘. | 아니, 집에서 놀아 주면 돼.
        B: 걱정 말고 다녀와. | 알았어, 잘 돌볼게{ㅋ}
        ?A: 정말 고마워. 맛있는 거 사 올게! | 고맙다. 너밖에 없어{ㅋ}
        """,
        summary="""
        {A}{은/는} {reason} 때문에 {B}에게 {days} 동안 {pet}{을/를} 맡긴다. 밥은 {meal} 주면 된다.
        {B}{은/는} {reason} 때문에 집을 비우는 {A} 대신 {days} 동안 {pet}{을/를} 돌보고 밥을 {meal} 주기로 한다.
        {A}{은/는} {reason} 때문에 집을 비우게 되어 {pet}{을/를} 부탁한다. {B}{은/는} {days} 동안 밥을 {meal} 주며 \
            돌보기로 한다.
        """,
    ),
)
