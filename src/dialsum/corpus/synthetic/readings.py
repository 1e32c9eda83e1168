"""How Latin words, letters, digits, units and masks are read aloud in Korean.

Enters: nothing. Leaves: tables that `particles` looks up. Only the last syllable of a reading decides a particle, so a
reading need not be perfect before it. A real entry: `NAMES["Kevin"] == "케빈"`.
"""

from __future__ import annotations


def _pairs(text: str) -> dict[str, str]:
    return dict(pair.split(" ", 1) for pair in text.split(", "))


FIRST_NAMES = _pairs(
    "Aaron 에런, Alice 앨리스, Amy 에이미, Andrew 앤드루, Anna 애나, Ben 벤, Brian 브라이언, Carol 캐럴, "
    "Chris 크리스, Claire 클레어, Daniel 대니얼, David 데이비드, Diana 다이애나, Edward 에드워드, Ellen 엘런, "
    "Emily 에밀리, Emma 에마, Eric 에릭, Frank 프랭크, George 조지, Grace 그레이스, Hannah 해나, Harry 해리, "
    "Helen 헬렌, Henry 헨리, Ian 이언, Jack 잭, James 제임스, Jane 제인, Jason 제이슨, Jenny 제니, Julia 줄리아, "
    "Karen 캐런, Kate 케이트, Kevin 케빈, Laura 로라, Leo 리오, Linda 린다, Lucy 루시, Luke 루크, Maria 마리아, "
    "Mark 마크, Martin 마틴, Mary 메리, Megan 메건, Mike 마이크, Nancy 낸시, Nick 닉, Nora 노라, Oliver 올리버, "
    "Olivia 올리비아, Oscar 오스카, Paul 폴, Peter 피터, Philip 필립, Rachel 레이철, Robert 로버트, Ruby 루비, "
    "Ryan 라이언, Sam 샘, Sarah 세라, Scott 스콧, Simon 사이먼, Sophie 소피, Steven 스티븐, Susan 수전, Terry 테리, "
    "Thomas 토머스, Tina 티나, Tom 톰, Tony 토니, Victor 빅터, Wendy 웬디, William 윌리엄"
)

LAST_NAMES = _pairs(
    "Adams 애덤스, Allen 앨런, Anderson 앤더슨, Baker 베이커, Bell 벨, Bennett 베넷, Bradley 브래들리, Brown 브라운, "
    "Carter 카터, Chen 첸, Clark 클라크, Collins 콜린스, Cooper 쿠퍼, Dawson 도슨, Dixon 딕슨, Evans 에번스, "
    "Fisher 피셔, Foster 포스터, Gibson 깁슨, Grant 그랜트, Green 그린, Hall 홀, Harris 해리스, Hill 힐, "
    "Howard 하워드, Jackson 잭슨, Kelly 켈리, King 킹, Lewis 루이스, Miller 밀러, Mitchell 미첼, Moore 무어, "
    "Morgan 모건, Nelson 넬슨, Parker 파커, Phillips 필립스, Reed 리드, Roberts 로버츠, Scott 스콧, Smith 스미스, "
    "Stone 스톤, Taylor 테일러, Turner 터너, Walker 워커, Watson 왓슨, White 화이트, Wilson 윌슨, Wood 우드, "
    "Wright 라이트, Young 영"
)

NAMES: dict[str, str] = {**FIRST_NAMES, **LAST_NAMES}

LETTERS = _pairs(
    "A 에이, B 비, C 시, D 디, E 이, F 에프, G 지, H 에이치, I 아이, J 제이, K 케이, L 엘, M 엠, N 엔, O 오, P 피, "
    "Q 큐, R 아르, S 에스, T 티, U 유, V 브이, W 더블유, X 엑스, Y 와이, Z 제트"
)

# Written in capitals but read as a word.
ACRONYMS = _pairs("NASA 나사, PIN 핀, LAN 랜, RAM 램, SIM 심, VIP 브이아이피")

DIGITS = _pairs("0 영, 1 일, 2 이, 3 삼, 4 사, 5 오, 6 육, 7 칠, 8 팔, 9 구")

# Read after a number only: a lone `m` is a letter, `30m` is 미터.
UNITS = _pairs(
    "% 퍼센트, ℃ 도, ° 도, m 미터, km 킬로미터, cm 센티미터, mm 밀리미터, g 그램, kg 킬로그램, mg 밀리그램, L 리터, "
    "ml 밀리리터, GB 기가바이트, MB 메가바이트, TB 테라바이트"
)

# What stands between the two `#`. `PersonN` is read with the English number, as in real summaries: 퍼슨원은, 퍼슨투는.
MASKS = _pairs(
    "Person1 퍼슨원, Person2 퍼슨투, Person3 퍼슨쓰리, Person4 퍼슨포, Person5 퍼슨파이브, Person6 퍼슨식스, "
    "Person7 퍼슨세븐, PhoneNumber 폰넘버, Address 어드레스, Email 이메일, CarNumber 카넘버, CardNumber 카드넘버, "
    "DateOfBirth 데이트오브버스, PassportNumber 패스포트넘버, SSN 에스에스엔"
)
