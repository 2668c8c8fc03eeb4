package org.jpatroni.agent;

/** A desk whose loop has ended: every order is answered at once, and none is carried out. */
public final class EndedDesk {

    private EndedDesk() {
    }

    public static OrderDesk make() {
        OrderDesk desk = new OrderDesk(() -> {
        });
        desk.close();
        return desk;
    }
}
