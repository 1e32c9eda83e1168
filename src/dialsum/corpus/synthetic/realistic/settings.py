"""Which detours suit which formal scenario. Enters: nothing. Leaves: `SETTINGS`, names of `detours_formal` by scenario.

SETTINGS["pharmacy"] == ("anywhere", "counter", "face", "paid")
"""

from __future__ import annotations

_SETTINGS = """
    clinic_booking: counter recommended visit contact
    pharmacy: counter face paid
    pet_clinic: counter recommended face
    health_checkup: counter recommended visit
    exchange: counter again face paid
    shopping: counter recommended face paid
    food_delivery: counter paid
    parcel: counter again contact
    used_goods: contact
    restaurant_booking: counter recommended visit
    repair: counter recommended again contact paid
    moving: counter recommended contact paid
    noise_complaint:
    house_viewing: counter recommended again face contact
    library: counter face
    gym: counter recommended face visit paid
    hair_salon: counter recommended visit
    class_enrolment: counter recommended visit paid
    lost_and_found: counter again contact
    card_loss: counter contact
    savings: counter recommended face
    phone_plan: counter again contact
    internet_install: counter recommended again contact paid
    car_repair: counter recommended again face contact paid
    hotel_booking: counter recommended visit paid
    flight_change: counter again contact paid
    train_ticket: counter face paid
    car_rental: counter recommended face paid
    directions:
    boarding: counter face
    meetup: social
    meeting: social work contact
    interview:
    leave: social work contact
    deadline: social work contact
    supply_quote: contact paid
    school_counsel:
    team_tasks: social
"""
SETTINGS: dict[str, tuple[str, ...]] = {
    name.strip(): ("anywhere", *settings.split())
    for name, settings in (line.split(":") for line in _SETTINGS.strip().splitlines())
}

# These begin with the matter: nobody talks about the weather with a stranger in the street, or when a card is stolen.
AT_ONCE = frozenset({"noise_complaint", "directions", "interview", "food_delivery", "card_loss", "meetup"})
