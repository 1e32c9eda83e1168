"""Remarks for casual talks. Enters: nothing. Leaves: `CASUAL`, by scenario; see `pieces` for the form.

B gift: 지난번에 보니까 그런 걸 좋아하더라.   ->   #Person2#: 예쁜 화분을 가져갈게. 지난번에 보니까 그런 걸 좋아하더라.
"""

from __future__ import annotations

CASUAL: dict[str, str] = {
    "hospital_visit": """
    A call: {friend_B},
    B call: {friend_A},
    A hospital: 어제 {friend_told}한테 듣고 정말 놀랐어. | 나도 오늘 아침에야 알았어.
    A illness: 그동안 너무 무리해서 그런가 봐. | 그래도 수술은 잘 끝났다니까 다행이야. | 며칠 전부터 아프다고 했었거든.
    A day: 그날은 {friend_with}도 시간이 된대. | 평일에는 우리 둘 다 바쁘잖아.
    B gift: 지난번에 보니까 그런 걸 좋아하더라. | {friend_asked}한테 물어보니까 그게 좋겠대.
    """,
    "used_goods": """
    A call: {friend_B},
    B call: {friend_A},
    A product: 지난번에 너희 집에서 보고 정말 갖고 싶었어. | 새것을 사려니까 너무 비싸더라.
    A product: {friend_told}한테 듣고 바로 전화한 거야. | {friend_kid}한테 선물하려고 찾고 있었거든.
    B fee: 살 때는 두 배도 넘게 줬단 말이야. | {friend_want}도 사고 싶다고 했는데 너한테 먼저 주는 거야.
    B station: 온 김에 {cafe_near}에서 커피도 한잔하자. | 상자까지 다 챙겨서 갈게.
    A last: 고장 나면 나 몰라라 하면 안 돼. | 조심해서 들고 와.
    """,
    "borrowing": """
    A call: {friend_B},
    B call: {friend_A},
    A product: 집에 있는 줄 알았는데 아무리 찾아도 없더라. | 사자니 한 번 쓰고 말 것 같아서.
    A event: {friend_host}{이/가} 나한테 다 맡겨 버렸거든. | 내가 가져가겠다고 큰소리쳤거든{ㅋ}
    A day: 혹시 더 늦어질 것 같으면 미리 말할게. | 깨끗하게 닦아서 줄게.
    B station: 나도 마침 그 근처에서 {friend_meet}{을/를} 만나기로 했거든. | 무거우니까 가방을 가지고 와.
    B first: {friend_before}한테도 빌려줬다가 고생했단 말이야.
    """,
    "hired": """
    A call: {friend_B},
    B call: {friend_A},
    A company: 면접을 세 번이나 봐서 떨어질 줄 알았거든. | 전화를 받고 나도 모르게 소리를 질렀어.
    A job: {friend_senior}도 거기서 일한대. | 처음부터 다시 배워야 하지만 재미있을 것 같아.
    A date: 그 전에 {town_trip}에 며칠 다녀오려고. | 벌써부터 떨려서 잠이 안 와.
    B restaurant: {friend_all}도 부를 테니까 다 같이 모이자. | 거기 {food_best}{이/가} 정말 맛있거든.
    A last: {friend_thanks}한테도 알려야겠다. | 다 네가 응원해 준 덕분이야.
    """,
    "trip_plan": """
    A call: {friend_B},
    B call: {friend_A},
    A abroad: {friend_with}{이랑/랑} 같이 가기로 했어. | 어릴 때부터 꼭 가 보고 싶었거든. | 작년부터 돈을 모았어.
    A date: 회사에는 벌써 휴가를 냈어. | 그때가 날씨가 제일 좋대.
    A hotel: 역에서 가깝고 아침도 준대. | {friend_stay}{이/가} 가 봤는데 깨끗하다고 하더라.
    A cost: 비행기표를 일찍 사서 그나마 싸게 가는 거야. | 쇼핑은 안 하려고.
    B last: 돌아오면 {cafe_back}에서 만나서 이야기 들려줘. | {friend_also}도 데려가지 그래?
    """,
    "blind_date": """
    A call: {friend_B},
    B call: {friend_A},
    A friend: 대학교 때부터 알던 친구라서 믿어도 돼. | {friend_same}도 그 사람 칭찬을 많이 하더라.
    A job: 쉬는 날에는 {activity_hobby}{을/를} 즐긴대. | 일밖에 모를 것 같지만 아주 재미있어.
    A weekend: 평일에는 일이 늦게 끝난대. | 그날 말고는 계속 출장이래.
    A cafe: {station_near}에서 내리면 금방 찾을 수 있어. | {drink_best}{이/가} 맛있는 곳이래.
    B last: {friend_secret}한테는 아직 말하지 마. | 뭘 입고 갈지 벌써 고민이네.
    """,
    "family_plan": """
    A call: {friend_B},
    B call: {friend_A},
    A park: 요즘 집에만 있어서 아이들이 심심해하더라. | {friend_went}네도 지난주에 다녀왔는데 아주 좋았대.
    A park: 비가 온다는 말도 없고 딱 좋잖아. | 작년에 갔을 때 정말 즐거웠잖아.
    A morning: 조금만 늦어도 주차할 곳이 없을 거야. | 아이들은 내가 일찍 깨울게.
    B lunch: 지난번에도 하나도 안 남기고 다 먹었거든. | {friend_recipe}한테 쉽게 만드는 법을 배웠거든.
    A last: {friend_invite}네도 같이 가자고 해 볼게. | 나는 돗자리하고 물을 챙길게.
    """,
    "pet_sitting": """
    A call: {friend_B},
    B call: {friend_A},
    A reason: 갑자기 정해져서 나도 정신이 하나도 없어. | {friend_go}도 같이 가야 해서 집에 아무도 없어.
    A days: {friend_asked}한테 부탁하려고 했는데 그날 안 된대. | 낯을 안 가려서 금방 친해질 거야.
    A meal: 간식은 {snack_fed}{을/를} 조금씩만 줘. | 물은 자주 갈아 줘야 해.
    B first: 무슨 일인지 몰라도 힘들겠다. | 나도 요즘 시간이 좀 있어.
    """,
    "meetup": """
    A call: {friend_B},
    B call: {friend_A},
    A activity: {friend_went}{이/가} 지난주에 했는데 시간 가는 줄 몰랐대. | 요즘 일만 했더니 너무 답답해.
    A activity: 혼자 가기는 좀 심심하잖아. | 표를 싸게 파는 데를 찾았거든.
    A cafe: {station_near}에서 걸어서 금방이야. | 거기 {drink_best}{이/가} 진짜 맛있거든.
    A daytime: 끝나고 {food_after}도 먹으러 가자. | 그 시간에 가야 사람이 적대.
    B last: {friend_also}한테도 물어볼게. | 돈은 넉넉히 가져갈게.
    """,
    "birthday": """
    A call: {friend_B},
    B call: {friend_A},
    A friend: 작년에는 깜빡하고 지나가서 얼마나 미안했는지 몰라. | 뭘 좋아하는지 도무지 모르겠어.
    B gift: {friend_told}한테 들었는데 요즘 그걸 갖고 싶어 한대. | 지난번에 가게에서 한참 보고 있더라.
    B money: 너랑 내가 반씩 내면 되잖아. | {friend_share}도 같이 내겠다고 했어.
    B restaurant: 거기 {food_best}{이/가} 진짜 맛있거든. | {station_near}에서 가까워서 다들 오기 편할 거야.
    A last: {friend_all}한테는 내가 연락할게. | 당일까지 아무도 말하면 안 돼.
    """,
    "concert": """
    A call: {friend_B},
    B call: {friend_A},
    A book: {friend_fan}{이/가} 벌써 두 번이나 봤는데 또 보고 싶대. | 구하기가 얼마나 어려웠는지 몰라.
    A date: 조금 일찍 만나서 밥부터 먹자. | 그날 혹시 다른 일 있는 건 아니지?
    A theater: {station_near} {exit_near}{으로/로} 나오면 바로 보여. | 새로 지어서 시설이 아주 좋대.
    A seat: 무대가 아주 잘 보이는 자리래. | {friend_got}{이/가} 대신 잡아 줬어.
    B last: {friend_envy}{이/가} 알면 정말 부러워하겠다. | 꽃이라도 사 가야겠다.
    """,
    "directions": """
    A call: {friend_B},
    B call: {friend_A},
    A hospital: {friend_sick}{이/가} 거기 입원해 있거든. | 지도를 봐도 도무지 모르겠어. | 아까부터 같은 데만 돌고 있어.
    B bus: {cafe_stop} 앞에 가면 정류장이 있어. | {friend_daily}도 날마다 그거 타고 다니더라.
    B exit: 나가서 {bank_corner}{이/가} 보이면 맞게 간 거야. | 모르겠으면 나한테 다시 전화해.
    B soon: 지금은 길이 막힐 시간이라서. | 서두르면 더 빨리 갈 수도 있어.
    """,
    "team_tasks": """
    A task: 이번에는 {teacher_sees}도 보러 오신대. | 점수에 많이 들어가니까 잘해 보자.
    B part_b: 지난번에도 해 봐서 자신 있어. | {friend_help}{이/가} 도와주기로 했거든.
    C part_c: 집에 필요한 책이 다 있거든. | 처음이지만 한번 해 볼게.
    """,
}
