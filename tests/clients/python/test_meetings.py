"""What a program written with msgraph-sdk sees of a meeting request: the client's own type, its times, and the event."""

import unittest
from base64 import b64encode
from uuid import uuid4

from kiota_abstractions.base_request_configuration import RequestConfiguration
from msgraph.generated.models.event_message_request import EventMessageRequest
from msgraph.generated.models.meeting_message_type import MeetingMessageType
from msgraph.generated.models.recurrence_pattern_type import RecurrencePatternType
from msgraph.generated.users.item.messages.item.message_item_request_builder import MessageItemRequestBuilder
from people import arrived, post_mime, signed_in

REQUEST = """\
From: AlexW@contoso.com
To: AdeleV@contoso.com
Subject: {subject}
MIME-Version: 1.0
Content-Type: multipart/alternative; boundary=b

--b
Content-Type: text/plain

Come.
--b
Content-Type: text/calendar; method=REQUEST; charset=utf-8

BEGIN:VCALENDAR
VERSION:2.0
METHOD:REQUEST
BEGIN:VEVENT
UID:a-meeting
DTSTAMP:20261124T100000Z
DTSTART;TZID=Europe/Berlin:20261201T100000
DTEND;TZID=Europe/Berlin:20261201T113000
RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=4
LOCATION:Mt. Hood
ORGANIZER;CN=Alex Wilber:mailto:AlexW@contoso.com
ATTENDEE;CN=Adele;RSVP=TRUE:mailto:AdeleV@contoso.com
END:VEVENT
END:VCALENDAR
--b--
"""


class Meetings(unittest.IsolatedAsyncioTestCase):
    async def test_a_request_is_what_the_client_knows_as_one(self):
        adele, alex = signed_in("AdeleV"), signed_in("AlexW")
        subject = f"A meeting {uuid4()}"
        octets = REQUEST.format(subject=subject).replace("\n", "\r\n").encode()
        await post_mime(alex, "/me/sendMail", b64encode(octets), "nothing")
        listed = await arrived(adele, "inbox", subject)
        self.assertIsInstance(listed, EventMessageRequest)
        self.assertEqual(listed.meeting_message_type, MeetingMessageType.MeetingRequest)
        self.assertEqual(listed.start_date_time.date_time, "2026-12-01T09:00:00.0000000")
        self.assertEqual((listed.start_date_time.time_zone, listed.location.display_name), ("UTC", "Mt. Hood"))
        self.assertTrue(listed.response_requested)

        query = MessageItemRequestBuilder.MessageItemRequestBuilderGetQueryParameters(
            expand=["microsoft.graph.eventMessage/event"]
        )
        found = await adele.me.messages.by_message_id(listed.id).get(RequestConfiguration(query_parameters=query))
        event = found.event
        self.assertEqual((event.i_cal_u_id, event.organizer.email_address.name), ("a-meeting", "Alex Wilber"))
        self.assertEqual([one.email_address.address for one in event.attendees], ["AdeleV@contoso.com"])
        self.assertEqual(event.recurrence.pattern.type, RecurrencePatternType.Weekly)
        self.assertEqual(event.recurrence.range.number_of_occurrences, 4)


if __name__ == "__main__":
    unittest.main()
