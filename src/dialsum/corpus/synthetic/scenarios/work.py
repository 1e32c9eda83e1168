"""Scenarios about work and school. Enters: nothing. Leaves: `WORK`; see `scenario` for the form.

A: {agenda} 회의를 잡아야 해요.   ->   #Person1#: 3분기 매출 보고 회의를 잡아야 해요.
"""

from __future__ import annotations

from dialsum.corpus.synthetic.scenario import write_scenario

WORK = (
    write_scenario(
        "meeting",
        "회의 일정 | 회의 준비 | 회의 시간 조율",
        labels={"document_guest": "가져올 것"},
        formal="""
        ?B: 네, 무슨 일이세요? | 팀장님, 부르셨어요?
        A: {agenda} 회의를 잡아야 해요. | {agenda} 때문에 회의를 해야겠어요. | {agenda} 회의 시간을 정합시다.
        B: 언제가 좋으세요? | 네, 언제 할까요? | 알겠습니다. 시간은 언제로 할까요?
        ?1 A: {workday} {time_busy}{은/는} 어때요?
        ?1 B: 그때는 다른 약속이 있습니다. | 그 시간은 좀 어렵습니다.
        A: {workday} {time}{으로/로} 합시다. | {workday} {time}{이/가} 좋겠어요. | 그럼 {workday} {time}에 해요.
        B: 장소는 어디로 할까요? | 네, 어디서 할까요? | 방은 어디로 잡을까요?
        A: {hall}{으로/로} 예약해 주세요. | {hall}{이/가} 비어 있을 거예요. | {hall}에서 하죠.
        +C: 그럼 저는 {document_guest}{을/를} 준비하겠습니다. | 저는 {document_guest}{을/를} 가져갈게요.
        +A: 좋아요, 부탁해요. | 네, 그렇게 해 주세요.
        B: 네, 바로 예약하고 모두에게 알리겠습니다. | 알겠습니다. 메일로 공지할게요. | 네, 준비해 두겠습니다.
        """,
        summary="""
        {A}{과/와} {B}{은/는} {agenda} 회의를 {workday} {time}에 {hall}에서 하기로 한다.
        {A}{은/는} {B}에게 {workday} {time}에 {agenda} 회의를 하자며 {hall} 예약을 부탁한다.
        {B}{은/는} {A}의 말에 따라 {agenda} 회의를 위해 {workday} {time}에 {hall}{을/를} 예약할 것이다.
        """,
        guest="""
        {C}{은/는} {document_guest}{을/를} 준비하겠다고 한다.
        {C}{이/가} {document_guest}{을/를} 가져오기로 한다.
        {document_guest}{은/는} {C}{이/가} 맡는다.
        """,
    ),
    write_scenario(
        "interview",
        "취업 면접 | 면접 | 채용 면접",
        labels={"company": "전 직장", "career": "경력", "job": "지원 분야"},
        formal="""
        ?B: 들어오세요. 앉으세요. | 안녕하세요. 와 주셔서 감사합니다.
        A: 안녕하세요. {job} 자리에 지원한 {person}입니다. | 반갑습니다. {job}에 지원한 {person}{이라고/라고} 합니다. \
            | 처음 뵙겠습니다. {person}입니다. {job} 자리에 지원했습니다.
        B: 전에는 어디서 일하셨나요? | 경력을 소개해 주시겠어요?
        A: {company}에서 {career} 일했습니다. | {company}에서 {career} 동안 근무했습니다. \
            | 네, {career} 동안 {company}에 다녔습니다.
        ?1 B: 왜 그만두셨어요?
        ?1 A: 새로운 일을 배우고 싶었습니다. | 더 큰 일을 맡고 싶었습니다.
        B: 본인의 장점은 무엇인가요? | 장점을 말씀해 주세요. | 자신의 강점이 뭐라고 생각하세요?
        A: {strength} 편입니다. | 저는 {strength} 사람입니다. | 동료들은 제가 {strength} 사람이라고 해요.
        ?2 B: 결과는 #Email#로 알려 드릴게요. | 합격하시면 #PhoneNumber#로 연락드리겠습니다.
        B: 네, 오늘 수고하셨습니다. | 잘 들었습니다. 와 주셔서 고맙습니다.
        """,
        summary="""
        {person}{은/는} {job} 자리에 지원하여 {B}에게 면접을 본다. {company}에서 {career} 일했고 {strength} 사람이라고 \
            말한다.
        {A}{은/는} {job} 면접에서 자신을 {person}{이라고/라고} 소개하며, {company}에서 {career} 일한 경력과 {strength} \
            점을 {B}에게 이야기한다.
        {B}{은/는} {job}에 지원한 {person}{을/를} 면접한다. {A}{은/는} {company}에서 {career} 근무했으며 {strength} \
            것이 장점이라고 한다.
        """,
    ),
    write_scenario(
        "leave",
        "휴가 신청 | 휴가 요청 | 연차 신청",
        labels={"staff": "대신할 사람", "date": "시작", "days": "기간", "reason": "사유"},
        formal="""
        ?B: 네, 들어오세요. 무슨 일이에요? | 왔어요? 할 말이 있다고요?
        A: 부장님, 휴가를 쓰고 싶습니다. | 휴가를 신청하려고 합니다. | 저, 휴가 때문에 왔습니다.
        B: 언제부터요? | 그래요? 언제 쉬려고요?
        A: {date}부터 {days} 동안 쉬고 싶습니다. | {date}부터 {days}입니다. | {days} 동안이고, {date}부터입니다.
        B: 무슨 일이 있어요? | 이유를 물어봐도 될까요?
        A: {reason} 때문입니다. | {reason} 때문에 그렇습니다. | {reason} 때문에 자리를 비워야 합니다.
        B: 그동안 일은 누가 맡죠? | 그럼 업무는 어떻게 하나요?
        A: {staff}{이/가} 맡아 주기로 했습니다. | {staff}에게 부탁해 두었습니다. | {staff}{과/와} 이야기해 두었습니다.
        ?1 A: 급한 일은 #PhoneNumber#로 연락 주십시오. | 급하면 #Email#로 알려 주세요.
        B: 좋아요. 잘 다녀와요. | 그럼 문제없어요. 그렇게 하세요. | 알겠어요. 결재해 줄게요.
        """,
        summary="""
        {A}{은/는} {reason} 때문에 {date}부터 {days} 동안 휴가를 신청하고, {B}{은/는} 허락한다. 일은 {staff}{이/가} \
            맡는다.
        {B}{은/는} {A}{이/가} {reason} 때문에 {date}부터 {days} 동안 쉬는 것을 허락한다. 그동안 {staff}{이/가} 일을 \
            대신한다.
        {A}{은/는} {B}에게 {date}부터 {days} 휴가를 요청한다. 이유는 {reason}이고, {staff}{이/가} 업무를 맡을 것이다.
        """,
    ),
    write_scenario(
        "deadline",
        "보고서 마감 | 업무 지시 | 문서 작성 요청",
        formal="""
        ?B: 네, 팀장님. | 부르셨습니까?
        A: {document}{을/를} 좀 써 주세요. | {document}{이/가} 필요해요. 맡아 줄래요? \
            | {document}{을/를} 준비해 줄 수 있어요?
        B: 네, 언제까지 하면 될까요? | 알겠습니다. 마감이 언제인가요?
        A: {date} {time}까지 부탁해요. | {date} {time}{이/가} 마감이에요. | 늦어도 {date} {time}까지는 있어야 해요.
        B: 분량은 얼마나 되나요? | 얼마나 써야 할까요?
        A: {pages} 정도면 돼요. | {pages} 안팎이면 좋겠어요. | {pages}쯤이면 충분해요.
        ?1 B: 자료는 어디서 찾을까요?
        ?1 A: {staff_data}에게 물어보세요. | {staff_data}{이/가} 가지고 있어요.
        B: 다 되면 어디로 보낼까요? | 누구에게 드리면 되나요? | 끝나면 어떻게 전해 드릴까요?
        A: {staff}에게 보내 주세요. | {staff}에게 주세요. | {staff}에게 메일로 보내면 돼요.
        B: 네, 그렇게 하겠습니다. | 알겠습니다. 시작하겠습니다.
        """,
        summary="""
        {A}{은/는} {B}에게 {pages} 분량의 {document}{을/를} {date} {time}까지 써서 {staff}에게 보내라고 한다.
        {B}{은/는} {A}의 지시로 {document}{을/를} {pages} 정도 써서 {date} {time}까지 {staff}에게 보내기로 한다.
        {A}{은/는} {B}에게 {document}{을/를} 맡긴다. 마감은 {date} {time}이고 분량은 {pages}이며 {staff}에게 보내야 \
            한다.
        """,
    ),
    write_scenario(
        "team_tasks",
        "조별 과제 회의 | 역할 분담 | 조별 발표 준비",
        labels={"part_b": "첫째 일", "part_c": "둘째 일", "day": "마감", "task": "과제"},
        casual="""
        A: 얘들아, {task} 역할을 나누자. | {task} 어떻게 할지 정하자. | {task} 준비해야 하는데 누가 뭘 할래?
        B: 나는 {part_b}{을/를} 맡을게. | 내가 {part_b}{을/를} 할게. | {part_b}{은/는} 내가 할게.
        C: 그럼 나는 {part_c}{을/를} 할게. | 좋아, {part_c}{은/는} 나한테 맡겨. | 나는 {part_c}{이/가} 편해.
        ?1 D: 나는 사진을 찾아볼게. | 그럼 내가 마지막에 모아서 정리할게.
        A: 언제까지 끝낼 수 있어? | 그럼 언제 모일까? | 다들 언제까지 돼?
        B: {day}까지 하자. | {day} 어때? 그때까지는 돼. | 나는 {day}까지 할 수 있어.
        A: 좋아, 그때 보자. | 그래, 다들 부탁해{ㅋ} | 그럼 그렇게 정했다. 힘내자!
        """,
        formal="""
        A: 여러분, {task} 준비를 나누어 맡읍시다. | {task} 준비를 시작합시다. 누가 무엇을 맡을까요? \
            | {task} 준비를 나누어 합시다.
        B: 저는 {part_b}{을/를} 맡겠습니다. | {part_b}{은/는} 제가 하겠습니다. | 제가 {part_b}{을/를} 할게요.
        C: 그럼 저는 {part_c}{을/를} 준비하겠습니다. | 저는 {part_c}{을/를} 할게요. \
            | {part_c}{은/는} 저에게 맡겨 주세요.
        A: 언제까지 되겠어요? | 좋아요. 언제까지 할 수 있나요?
        C: {day}까지 끝내겠습니다. | {day}까지는 됩니다.
        ?D: 저는 두 분을 돕겠습니다. | 발표는 제가 할게요.
        A: 네, 그럼 그때 다시 모입시다. | 좋습니다. 수고해 주세요.
        """,
        summary="""
        {A}, {B}, {C}{은/는} {task} 준비를 나눈다. {B}{은/는} {part_b}{을/를}, {C}{은/는} {part_c}{을/를} {day}까지 \
            하기로 한다.
        {A}{이/가} {task} 역할을 나누자고 하자 {B}{은/는} {part_b}{을/를}, {C}{은/는} {part_c}{을/를} 맡는다. 마감은 \
            {day}이다.
        {task} 준비에서 {part_b}{은/는} {B}{이/가}, {part_c}{은/는} {C}{이/가} 맡아 {day}까지 끝내기로 {A}{과/와} \
            정한다.
        """,
    ),
    write_scenario(
        "supply_quote",
        "가격 협상 | 납품 상담 | 대량 주문",
        labels={"product": "물품", "percent": "할인", "date": "납품"},
        formal="""
        ?B: 안녕하세요. {company}입니다. | 네, 영업팀입니다.
        A: {product}{을/를} {bulk} 주문하려고 합니다. | {product} {bulk}{이/가} 필요합니다. \
            | {product}{을/를} {bulk} 사고 싶은데요.
        B: 감사합니다. 많이 주문하시니 할인해 드릴게요. | 네, 주문량이 많으니 값을 깎아 드릴 수 있습니다.
        A: 얼마나 할인해 주시나요? | 몇 퍼센트나 깎아 주실 수 있죠?
        ?1 B: {percent_low}{은/는} 어떠세요?
        ?1 A: 그건 너무 적어요. 조금 더 해 주세요. | 다른 곳은 더 깎아 주던데요.
        B: {percent}까지 해 드리겠습니다. | 그럼 {percent} 할인해 드릴게요. | {percent}{이/가} 최대입니다.
        A: 좋습니다. 언제 받을 수 있나요? | 네, 물건은 언제 오나요?
        B: {date}까지 보내 드리겠습니다. | {date}에 납품할 수 있습니다. | {date}{이면/면} 도착합니다.
        A: 네, 그렇게 계약합시다. | 알겠습니다. 주문하겠습니다.
        """,
        summary="""
        {A}{은/는} {B}에게 {product} {bulk}{을/를} {percent} 할인된 값에 주문하고 {date}에 받기로 한다.
        {B}{은/는} {A}{이/가} 주문한 {product} {bulk}{을/를} {percent} 할인해서 {date}까지 보내기로 한다.
        {A}{과/와} {B}{은/는} {product} {bulk}의 거래를 협상한다. 할인은 {percent}, 납품은 {date}{으로/로} 합의한다.
        """,
    ),
    write_scenario(
        "school_counsel",
        "성적 상담 | 진로 상담 | 학생 상담",
        labels={"minutes": "공부 시간"},
        formal="""
        ?B: 어서 와요. 여기 앉아요. | 무슨 고민이 있어요?
        A: 선생님, 이번 {exam} 점수 때문에 왔어요. | 선생님, {exam} 점수가 너무 낮아요. \
            | 선생님, {exam} 때문에 걱정이에요.
        B: 몇 점이 나왔어요? | 점수가 어떻게 나왔는데요?
        A: {lowscore}{이/가} 나왔어요. | {lowscore}{이에요/예요}. 생각보다 낮아요. | {lowscore}밖에 못 받았어요.
        B: 목표는 몇 점이에요? | 다음에는 몇 점을 받고 싶어요?
        A: {highscore}{을/를} 받고 싶어요. | {highscore} 이상 받고 싶어요. | {highscore}{이/가} 목표예요.
        B: 그럼 매일 {minutes}씩 복습해 봐요. | 하루에 {minutes}씩 연습하면 도움이 될 거예요. \
            | 날마다 {minutes}씩 문제를 풀어 봐요.
        ?1 A: 그래도 모르는 것은 어떻게 하죠?
        ?1 B: 언제든지 나에게 물어봐요. | 수업이 끝난 뒤에 찾아와요.
        A: 네, 열심히 해 볼게요. | 알겠습니다. 감사합니다. | 오늘부터 그렇게 할게요.
        """,
        summary="""
        {A}{은/는} {exam}에서 {lowscore}{을/를} 받아 {B}{과/와} 상담한다. 목표는 {highscore}이고, {B}{은/는} 매일 \
            {minutes}씩 공부하라고 한다.
        {B}{은/는} {exam} 점수가 {lowscore}인 {A}에게 {highscore}{을/를} 받으려면 날마다 {minutes}씩 공부하라고 \
            조언한다.
        {A}{은/는} {exam}에서 받은 {lowscore}{을/를} {highscore}{으로/로} 올리고 싶어 한다. {B}{은/는} 하루에 \
            {minutes}씩 공부하라고 말한다.
        """,
    ),
)
