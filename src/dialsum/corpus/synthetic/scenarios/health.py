"""Scenarios about health. Enters: nothing. Leaves: `HEALTH`; the form of the texts is described in `scenario`.

A: {symptom} 때문에 왔어요.   ->   #Person1#: 심한 두통 때문에 왔어요.
"""

from __future__ import annotations

from dialsum.corpus.synthetic.scenario import write_scenario

HEALTH = (
    write_scenario(
        "clinic_booking",
        "진료 예약 | 병원 예약 | 진료 예약 전화",
        formal="""
        ?B: 네, {clinic}입니다. 무엇을 도와드릴까요? | 안녕하세요, {clinic}입니다. \
            | 감사합니다, {clinic}입니다. 말씀하세요.
        A: 안녕하세요. 진료 예약을 하고 싶은데요. | 진료를 예약하려고 전화드렸어요. | 진료 예약을 할 수 있을까요?
        B: 어디가 불편하신가요? | 어떤 증상이 있으세요? | 어디가 편찮으세요?
        A: {symptom} 때문에요. | {symptom} 때문에 힘들어요. | {symptom}{이/가} 있어요.
        B: 네, 언제 오시겠어요? | 언제가 편하세요? | 알겠습니다. 원하시는 날짜가 있으세요?
        ?1 A: {date}에 자리가 있나요? | {date}{은/는} 어때요?
        ?1 B: 네, {time_full}만 예약이 찼습니다. | 네, {time_full} 빼고는 다 됩니다. 몇 시로 하시겠어요?
        A: {date} {time}에 가고 싶어요. | {date} {time}{으로/로} 해 주세요. | 그럼 {date} {time}에 갈게요.
        B: 성함이 어떻게 되세요? | 예약하시는 분 성함을 말씀해 주세요.
        A: {person}입니다. | {person}{이라고/라고} 합니다. | 제 이름은 {person}{이에요/예요}.
        ?2 B: 연락처도 알려 주시겠어요?
        ?2 A: #PhoneNumber#입니다. | 네, #PhoneNumber#예요.
        B: 예약되었습니다. 그날 뵙겠습니다. | 네, 예약해 드렸습니다.
        """,
        summary="""
        {A}{은/는} {symptom} 때문에 {person} 이름으로 {date} {time} 진료를 예약한다.
        {B}{은/는} {symptom} 때문에 전화한 {A}의 진료를 {person} 이름으로 {date} {time}에 예약해 준다.
        {A}{은/는} {B}에게 전화해 {symptom} 증상을 말하고, {date} {time} 진료를 예약한다. 예약자 이름은 {person}이다.
        """,
    ),
    write_scenario(
        "pharmacy",
        "약국 방문 | 약 구입 | 약 복용 안내",
        formal="""
        ?B: 어서 오세요. 어떻게 오셨어요? | 안녕하세요. 뭘 드릴까요?
        A: {symptom} 때문에 왔는데, 어떤 약이 좋을까요? | {symptom}에 먹는 약이 있나요? \
            | {symptom} 때문에 약을 사려고요.
        ?1 B: 혹시 알레르기가 있으세요? | 다른 약을 드시고 계신가요?
        ?1 A: 아니요, 없어요. | 아니요.
        B: 그럼 {medicine}{을/를} 드셔 보세요. | {medicine}{이/가} 잘 들어요. | 그러시면 {medicine}{을/를} 권해 드려요.
        A: 어떻게 먹으면 되나요? | 얼마나 자주 먹어야 해요? | 몇 번이나 먹어야 하죠?
        B: {dose} 한 알씩 드세요. | 한 알씩 {dose} 드시면 됩니다. | {dose} 드시고 물을 많이 마시세요.
        ?2 A: 술을 마셔도 되나요?
        ?2 B: 아니요, 드시는 동안은 안 됩니다. | 약을 드시는 동안은 피하세요.
        A: 네, 얼마예요? | 알겠습니다. 얼마죠? | 주세요. 모두 얼마인가요?
        B: {price}입니다. | {price}{이에요/예요}.
        ?A: 여기 있어요. 감사합니다. | 카드로 할게요.
        """,
        summary="""
        {B}{은/는} {symptom} 때문에 온 {A}에게 {medicine}{을/를} 권하고 {dose} 먹으라고 안내한다. 약값은 {price}이다.
        {A}{은/는} {symptom}에 먹을 약을 찾는다. {B}{은/는} {dose} 먹는 {medicine}{을/를} {price}에 판다.
        {A}{은/는} {symptom} 때문에 약국에서 {medicine}{을/를} {price}에 산다. {B}{은/는} 약을 {dose} 먹으라고 한다.
        """,
    ),
    write_scenario(
        "pet_clinic",
        "동물 병원 | 반려동물 진료 | 동물 병원 방문",
        formal="""
        ?B: 안녕하세요. 어디가 아파서 왔나요? | 어서 오세요. 무슨 일로 오셨어요?
        A: 선생님, 우리 {pet}{이/가} {animal} 것 같아요. | 우리 강아지 {pet}{이/가} {animal} 것 같아서 왔어요. \
            | 우리 고양이 {pet}{이/가} 아무래도 {animal} 것 같아요.
        B: 언제부터 그랬어요? | 그런 지 얼마나 됐나요?
        A: 이틀 전부터요. | 어제부터 그래요. | 며칠 됐어요.
        ?1 A: 많이 아픈 걸까요? | 심각한가요?
        ?1 B: 아니요, 크게 걱정하실 일은 아니에요. | 심하지는 않습니다.
        B: 주사를 놓고 약을 드릴게요. {date_next}에 다시 오세요. | 약을 지어 드릴 테니 {date_next}에 또 데려오세요. \
            | 오늘은 약만 드리고 {date_next}에 다시 볼게요.
        A: 네, 진료비는 얼마인가요? | 알겠습니다. 오늘 얼마예요?
        B: 모두 {money}입니다. | {money}{이에요/예요}. | {money} 나왔습니다.
        +C: 엄마, {pet}에게 {snack_guest}{을/를} 줘도 돼요? | 선생님, 사료 대신 {snack_guest}{을/를} 먹여도 되나요?
        +B: 아니요, 나을 때까지 {snack_guest}{은/는} 주지 마세요. | {snack_guest}{은/는} 당분간 안 돼요.
        ?A: 고맙습니다. | 네, 그때 뵐게요.
        """,
        summary="""
        {A}{은/는} {pet}{이/가} {animal} 것 같아 {B}에게 데려온다. 진료비는 {money}이고, {date_next}에 다시 오기로 한다.
        {A}{은/는} {animal} 것 같은 {pet}{을/를} 데리고 와서 진료비 {money}{을/를} 낸다. {B}{은/는} {date_next}에 다시 \
            오라고 한다.
        {B}{은/는} {animal} 것 같다는 {pet}{을/를} 진료하고 {A}에게 {date_next}에 다시 오라고 말한다. 진료비는 \
            {money}이다.
        """,
        guest="""
        {C}{은/는} {snack_guest}{을/를} 줘도 되는지 묻지만 {B}{은/는} 안 된다고 한다.
        {B}{은/는} {C}에게 {snack_guest}{은/는} 주지 말라고 한다.
        {C}{이/가} {snack_guest}에 대해 묻자 {B}{은/는} 당분간 주지 말라고 답한다.
        """,
    ),
    write_scenario(
        "health_checkup",
        "건강 검진 예약 | 건강 검진 안내 | 검진 예약",
        formal="""
        ?B: {hospital} 건강 검진 센터입니다. | 안녕하세요, {hospital}입니다. 무엇을 도와드릴까요?
        A: 건강 검진을 받으려고 하는데요. | 안녕하세요, 건강 검진을 예약하고 싶습니다. \
            | 회사 건강 검진 때문에 전화드렸어요.
        B: 성함과 생년월일을 말씀해 주세요. | 성함하고 생년월일이 어떻게 되세요?
        A: {person}, #DateOfBirth#입니다. | 이름은 {person}{이고/고}요, 생년월일은 #DateOfBirth#입니다.
        B: {date} {time} 괜찮으세요? | {date} {time}에 자리가 있습니다. | {date} {time}{으로/로} 잡아 드릴까요?
        A: 네, 좋습니다. | 네, 그때 갈 수 있어요. | 그렇게 해 주세요.
        ?1 A: 검사는 얼마나 걸리나요?
        ?1 B: {minutes} 정도 걸립니다.
        B: 검사 전 {fasting} 동안 아무것도 드시면 안 됩니다. | 오시기 전에 {fasting} 동안 금식하셔야 합니다. \
            | 검사 {fasting} 전부터는 물도 드시지 마세요.
        A: 네, 알겠습니다. | 네, 꼭 지킬게요. | 물도 안 되는군요. 알겠습니다.
        """,
        summary="""
        {A}{은/는} {person} 이름으로 {date} {time} 건강 검진을 예약하고, {B}{은/는} {fasting} 금식을 안내한다.
        {B}{은/는} {person} 이름으로 {A}의 검진을 {date} {time}에 잡고 검사 전 {fasting} 동안 먹지 말라고 한다.
        {A}{은/는} {date} {time}에 건강 검진을 받기로 한다. 예약자는 {person}이고, 검사 전에 {fasting} 동안 금식해야 \
            한다.
        """,
    ),
    write_scenario(
        "hospital_visit",
        "병문안 | 친구 병문안 | 병문안 계획",
        casual="""
        ?B: 무슨 일 있어? 표정이 안 좋네. | 왜 그래? 무슨 일이야?
        A: {friend} 소식 들었어? {hospital}에 입원했대{ㅠ} | {friend}{이가/가} {hospital}에 입원했대{ㅠ} \
            | 있잖아, {friend}{이가/가} 어제 {hospital}에 입원했어{ㅠ}
        B: 정말? 어디가 아픈데? | 진짜? 왜? | 뭐라고? 많이 다쳤대?
        A: {illness} 때문이래. | {illness}{이/가} 심했나 봐. | 의사가 {illness}{이라고/라고} 했대.
        ?1 B: 얼마나 있어야 한대?
        ?1 A: {days} 정도 있어야 한대. | 금방 나을 거래. 너무 걱정하지 마.
        B: 우리 같이 가 보자. 언제 갈까? | 병문안 가야겠다. 언제가 좋을까? | 언제 시간 돼? 같이 가자.
        A: {day} 어때? | {day}에 가자. | 나는 {day}에 시간 있어.
        B: 좋아. 내가 {gift}{을/를} 준비할게. | 그래, 나는 {gift}{을/를} 가져갈게. \
            | 그러자. 빈손은 좀 그러니까 {gift}{을/를} 사 갈게.
        ?A: 좋은 생각이야. | 분명히 좋아할 거야.
        """,
        summary="""
        {A}{과/와} {B}{은/는} {illness} 때문에 {hospital}에 입원한 {friend}{을/를} {day}에 찾아가기로 한다. {B}{은/는} \
            {gift}{을/를} 준비한다.
        {A}{은/는} {friend}{이/가} {illness} 때문에 {hospital}에 입원했다고 전한다. {day}에 함께 병문안을 가며 \
            {B}{은/는} {gift}{을/를} 가져간다.
        {friend}{이/가} {illness} 때문에 {hospital}에 입원해서 {A}{과/와} {B}{은/는} {day}에 병문안을 가고, {B}{이/가} \
            {gift}{을/를} 가져가기로 한다.
        """,
    ),
)
